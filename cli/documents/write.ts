import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Terminal } from "../support/terminal";
import { plural } from "../support/terminal";

/** A document and its path below the output folder. */
export interface OutputFile {
  readonly path: string;
  readonly content: string;
}

/** Writes files below a folder, or prints them all. Does not rewrite unchanged files. */
export function writeDocuments(
  files: readonly OutputFile[],
  out: string | undefined,
  terminal: Terminal,
): void {
  if (out === undefined) {
    files.forEach(({ path, content }) => {
      if (files.length > 1) {
        terminal.out(`# ${path}`);
      }
      process.stdout.write(content.endsWith("\n") ? content : `${content}\n`);
    });
    return;
  }
  const folder = resolve(out);
  const changed = files.filter((file) => writeIfNew(join(folder, file.path), file.content));
  files.forEach(({ path }) => {
    terminal.out(join(out, path));
  });
  terminal.note(`${plural(files.length, "file")}, ${changed.length} of them new or changed`);
}

function writeIfNew(path: string, content: string): boolean {
  if (readIfThere(path) === content) {
    return false;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  // Containers read these files as their own users, so the mode must not depend on the umask.
  chmodSync(path, 0o644);
  return true;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
