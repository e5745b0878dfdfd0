import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file for the prose linter, with the text to check. */
export interface Source {
  /** Path relative to the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Generated files, third-party files and the lists of retired words. */
const EXCLUDED = [
  // Their sources are checked instead.
  /^docs\/reference\/(alerts|cli|components\/README|policies|settings-keys|support)\.md$/,
  /^tests\/golden\/expected\//,
  /^styles\//,
  /^LICENSE$/,
  /(^|\/)package-lock\.json$/,
  /\.(sum|json|pem|png|ico|svg|woff2)$/,
  /(^|\/)requirements[^/]*\.txt$/,
];

/**
 * Blanks comment markers at line starts, so that a phrase is found across a line break. Keeps columns.
 * @example proseOf("// for want\n// of") is "   for want\n   of"
 */
export function proseOf(code: string): string {
  return code.replace(/^(\s*)(\/?\*+|\/\/+|#+)/gm, (_, indent: string, marker: string) =>
    indent.padEnd(indent.length + marker.length),
  );
}

/** All text files of the repository, tracked or new. */
export function sourcesOf(root: string): Source[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed
    .split("\0")
    .filter((path) => path !== "" && !EXCLUDED.some((pattern) => pattern.test(path)))
    .filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter(({ text }) => !text.includes("\0"))
    .map(({ path, text }) => ({ path, text: path.endsWith(".md") ? text : proseOf(text) }));
}
