import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Terminal } from "../support/terminal";
import { plural } from "../support/terminal";

/** A document and where it goes below the output folder. */
export interface OutputFile {
  readonly path: string;
  readonly content: string;
}

/** Writes files below a folder, or prints them all. A file that is the same already is left alone. */
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
  // Containers of a rendered Compose document read its files as their own users, whatever the umask here is.
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
