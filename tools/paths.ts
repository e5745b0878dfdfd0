import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The checkout: the folder that holds Pulumi.yaml. */
export function repoRoot(): string {
  // The bundler (bin/load.cjs) puts the root in place of the variable; under tsx this file is where it was written.
  return process.env.LONGSHORE_ROOT ?? resolve(__dirname, "..");
}

/** What can be made again: tools, the lab, downloads. @default ~/.cache/longshore */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(xdg(env, "XDG_CACHE_HOME", ".cache"), "longshore");
}

/** What cannot be made again: stack files, passphrases, state. @default ~/.local/share/longshore */
export function dataDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(xdg(env, "XDG_DATA_HOME", join(".local", "share")), "longshore");
}

/** By the XDG rules a relative path in the variable is to be ignored. */
function xdg(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const folder = env[variable];
  return folder !== undefined && isAbsolute(folder) ? folder : join(env["HOME"] || homedir(), fallback);
}
