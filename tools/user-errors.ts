import { readFileSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { repoRoot } from "./paths";

/** A message of the bundler, as esbuild gives it. */
interface BuildMessage {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/** Errors that a mistake in a system's description throws. Longshore's own checks throw other errors. */
const BUILT_IN = new Set(["TypeError", "ReferenceError", "RangeError", "SyntaxError"]);

/**
 * Describes an error in a source file of the operator as `file:line: message`: a syntax error from the bundler, or an
 * error thrown while a system was described. Undefined for every other error.
 */
export function userErrorIn(error: unknown, root = repoRoot()): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  if ("errors" in error && Array.isArray(error.errors) && error.message.startsWith("Build failed")) {
    return (error.errors as readonly BuildMessage[]).map(describe).join("\n");
  }
  const isMissing = "code" in error && error.code === "MODULE_NOT_FOUND";
  const place = isMissing || BUILT_IN.has(error.name) ? placeInStacks(error.stack ?? "", root) : undefined;
  // The error of a missing module lists all its importers in further lines.
  return (
    place && `${place.file}:${place.line}: ${inOwnWords(error.message.split("\n")[0] ?? "", place, root)}`
  );
}

/** Restates the message with the variable name in the source, because the bundler renames variables. */
function inOwnWords(message: string, place: Place, root: string): string {
  const isEarly = /^Cannot access '.+' before initialization$/.test(message);
  if (!isEarly && !/^\S+ is not defined$/.test(message)) {
    return message;
  }
  const name = identifierAt(place, root);
  if (name === undefined) {
    return message;
  }
  return isEarly
    ? `${name} is used before it is defined; move this statement below it`
    : `${name} is not defined`;
}

function identifierAt({ file, line, column }: Place, root: string): string | undefined {
  try {
    const text = readFileSync(join(root, file), "utf8").split("\n")[line - 1] ?? "";
    return /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text.slice(column - 1))?.[0];
  } catch {
    return undefined;
  }
}

interface Place {
  /** Path relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

function describe({ text, location }: BuildMessage): string {
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;
}

/** The innermost location in a description on the error's stack. */
function placeInStacks(stack: string, root: string): Place | undefined {
  for (const [, file = "", line = "", column = ""] of stack.matchAll(
    /^\s+at .*?(?:\(|at |file:\/\/)?(\/[^():]+):(\d+):(\d+)\)?$/gm,
  )) {
    const path = relative(root, file);
    if (!isAbsolute(path) && path.startsWith(`stacks${sep}`)) {
      return { file: path, line: Number(line), column: Number(column) };
    }
  }
  return undefined;
}
