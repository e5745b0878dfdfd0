import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Root of the checkout: the folder with Pulumi.yaml. */
export function repoRoot(): string {
  // The bundler (bin/load.cjs) replaces the variable with the root; under tsx, this file's own location determines it.
  return process.env.LONGSHORE_ROOT ?? resolve(__dirname, "..");
}

/** Folder of files that can be recreated: tools, the lab, downloads. @default ~/.cache/longshore */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(xdg(env, "XDG_CACHE_HOME", ".cache"), "longshore");
}

/** Folder of files that cannot be recreated: stack files, passphrases, state. @default ~/.local/share/longshore */
export function dataDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(xdg(env, "XDG_DATA_HOME", join(".local", "share")), "longshore");
}

/** Resolves an XDG variable. The XDG specification requires that relative paths are ignored. */
function xdg(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const folder = env[variable];
  return folder !== undefined && isAbsolute(folder) ? folder : join(env["HOME"] || homedir(), fallback);
}
