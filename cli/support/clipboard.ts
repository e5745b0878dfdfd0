import { spawnSync } from "node:child_process";
import { usage } from "./failure";

/** Programs that copy standard input to the clipboard, with the variable of the display that they need. */
const PROGRAMS: readonly { readonly needs?: string; readonly words: readonly string[] }[] = [
  { needs: "WAYLAND_DISPLAY", words: ["wl-copy", "--trim-newline"] },
  { needs: "DISPLAY", words: ["xclip", "-selection", "clipboard"] },
  { needs: "DISPLAY", words: ["xsel", "--input", "--clipboard"] },
  { words: ["pbcopy"] },
  { words: ["clip.exe"] },
];

/**
 * Copies a value to the clipboard, through standard input of the first installed program.
 * @throws Failure if there is none, or it fails
 */
export function copyToClipboard(value: string, env: NodeJS.ProcessEnv = process.env): void {
  for (const { needs, words } of PROGRAMS) {
    const [command = "", ...args] = words;
    if (needs !== undefined && !env[needs]) {
      continue;
    }
    // Output is discarded: xclip keeps running to serve the clipboard, and would keep a pipe open.
    const { status, error } = spawnSync(command, args, {
      env,
      input: value,
      stdio: ["pipe", "ignore", "ignore"],
      timeout: 10_000,
    });
    if (error === undefined && status === 0) {
      return;
    }
  }
  const names = PROGRAMS.map(({ words }) => words[0]).join(", ");
  throw usage(
    `--clipboard: expected one of ${names} with a display, got none that works; fix: install one, or leave --clipboard out`,
  );
}
