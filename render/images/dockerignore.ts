import { posix } from "node:path";

/** Determines which files of a build context are sent to the builder. */
export interface IgnoreRules {
  /** Whether the rules ignore a path, given the result for its parent folder. */
  match(path: string, parent?: FolderMatch): { readonly ignored: boolean; readonly inside: FolderMatch };
  /** Whether a `!` pattern can re-include a path below an ignored folder. */
  mayReturnBelow(folder: string): boolean;
}

/** For each pattern, whether it matches a folder or one of its parents. */
export type FolderMatch = readonly boolean[];

/** A pattern that BuildKit rejects, or interprets in an unexpected way. */
export class PatternError extends Error {}

interface Pattern {
  readonly text: string;
  readonly isException: boolean;
  matches(path: string): boolean;
}

/**
 * Parses a `.dockerignore` with the semantics of BuildKit: a port of github.com/moby/patternmatcher and of the filter
 * of github.com/tonistiigi/fsutil, both Apache-2.0. `tests/unit/render/dockerignore.test.ts` compares the two. Patterns
 * are case-sensitive.
 * @throws PatternError with the pattern
 */
export function ignoreRules(text: string): IgnoreRules {
  const patterns = patternLines(text).flatMap(parsePattern);
  const exceptions = patterns.filter(({ isException }) => isException).map(({ text: one }) => prefixOf(one));
  return {
    match: (path, parent) => {
      let ignored = false;
      const inside = patterns.map((pattern, index) => {
        const matches =
          parent?.[index] === true || (pattern.isException === ignored && pattern.matches(path));
        if (matches) {
          ignored = !pattern.isException;
        }
        return matches;
      });
      return { ignored, inside };
    },
    mayReturnBelow: (folder) =>
      exceptions.some((prefix) => /[*[\]?^\\]/.test(prefix) || `${prefix}/`.startsWith(`${folder}/`)),
  };
}

function prefixOf(pattern: string): string {
  return pattern.replace(/\/\*\*$/, "").replace(/\/\*$/, "");
}

/** White space of Go's strings.TrimSpace: includes U+0085 but not the byte order mark. */
const SPACE = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const trimmed = (text: string) => text.replace(new RegExp(`^${SPACE}|${SPACE}$`, "g"), "");

/** Returns the patterns without comments, relative to the context (`ignorefile.ReadAll`). */
function patternLines(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .flatMap((line) => {
      const pattern = line.startsWith("#") ? "" : trimmed(line);
      const isException = pattern.startsWith("!");
      const path = isException ? trimmed(pattern.slice(1)) : pattern;
      if (pattern === "") {
        return [];
      }
      const relative = path === "" ? "" : cleaned(path).replace(/^\/(?=.)/, "");
      return [isException ? `!${relative}` : relative];
    });
}

/** Port of Go's filepath.Clean. */
function cleaned(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

function parsePattern(line: string): Pattern[] {
  const clean = line === "" ? "" : cleaned(trimmed(line));
  if (clean === "!") {
    throw new PatternError("! needs a pattern");
  }
  const isException = clean.startsWith("!");
  const text = isException ? clean.slice(1) : clean;
  return text === "" ? [] : [{ text, isException, matches: matcher(text) }];
}

/** Returns the comparison for a pattern, one of patternmatcher's four kinds. */
function matcher(pattern: string): (path: string) => boolean {
  const { source, kind } = compiled(pattern);
  switch (kind) {
    case "exact":
      return (path) => path === pattern;
    case "prefix":
      return (path) => path.startsWith(pattern.slice(0, -2));
    case "suffix": {
      const suffix = pattern.slice(2);
      return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
    }
    case "expression": {
      const expression = new RegExp(`^${source}$`, "u");
      return (path) => expression.test(path);
    }
  }
}

interface Compiled {
  readonly source: string;
  readonly kind: "exact" | "prefix" | "suffix" | "expression";
}

function compiled(pattern: string): Compiled {
  let source = "";
  let kind: Compiled["kind"] = "exact";
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at);
    const token = /^(?:\*\*\/?|\*|\?|\\[^]?|\[|[^])/u.exec(rest)?.[0] ?? "";
    let length = token.length;
    if (token.startsWith("**")) {
      if (length === rest.length) {
        source += "[^\\n]*";
        kind = kind === "exact" ? "prefix" : "expression";
      } else {
        source += "(?:[^\\n]*/)?";
        kind = "expression";
      }
      kind = at === 0 ? "suffix" : kind;
    } else if (token === "*" || token === "?") {
      source += token === "*" ? "[^/]*" : "[^/]";
      kind = "expression";
    } else if (token.startsWith("\\")) {
      source += escapedCharacter(token, pattern);
      kind = "expression";
    } else if (token === "[") {
      const set = characterSet(rest, pattern);
      source += set.source;
      length = set.length;
      kind = "expression";
    } else {
      // patternmatcher does not escape it either, so it is an anchor.
      source += token === "^" ? token : literal(token);
      // The only bracket without an opening one.
      kind = token === "]" ? "expression" : kind;
    }
    at += length;
  }
  return { source, kind };
}

function literal(character: string): string {
  return character.replace(/[$()*+.?[\\\]^{|}/]/, "\\$&");
}

/**
 * Converts an escape: `\d` and similar are character classes in Go's regular expressions, to which BuildKit converts
 * patterns.
 */
function escapedCharacter(token: string, pattern: string): string {
  const character = token.slice(1);
  if (character === "" || /[^\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/.test(character)) {
    throw new PatternError(`${pattern}: a backslash may stand before punctuation only`);
  }
  return literal(character);
}

/** Converts `[a-z]` or `[^a-z]`: characters, ranges, escaped punctuation. */
function characterSet(rest: string, pattern: string): { readonly source: string; readonly length: number } {
  const found = /^\[(\^?)((?:[^[\]\\*?^-]|\\[^])(?:-(?:[^[\]\\*?^-]|\\[^]))?)+\]/u.exec(rest);
  if (!found) {
    throw new PatternError(`${pattern}: expected characters or ranges in brackets, such as [a-z]`);
  }
  const content = found[0]
    .slice(1, -1)
    .replace(/^\^/, "")
    .replace(/\\[^]|[^]/gu, (one) => {
      if (one === "-") {
        return one;
      }
      const character = one.startsWith("\\") ? escapedCharacter(one, pattern) : literal(one);
      return character === "-" ? "\\-" : character;
    });
  const source = `[${found[1] ?? ""}${content}]`;
  try {
    new RegExp(source, "u");
  } catch {
    throw new PatternError(`${pattern}: a range in brackets ends before it begins`);
  }
  return { source, length: found[0].length };
}
