import type { z } from "zod";
import { wordOf } from "../handles";
import { nearest } from "../../base/nearest";
import type { Problem } from "../../base/problems";
import { isReference } from "../references";
import { isSecretName } from "../secret-names";
import { show } from "./show";

/** Parsed options: defaults are filled in, and invalid parts are removed. */
export interface ReadOptions<T> {
  readonly options: T;
  readonly problems: readonly Problem[];
}

type Placeholder = (path: readonly PropertyKey[]) => unknown;

/** Maximum number of repair rounds. Each round removes at least one level of nesting. */
const ROUNDS = 12;
const REMOVED = Symbol("removed");

/**
 * Parses the options of a statement. Every invalid part becomes one problem and is removed from the result, so that
 * checks across several values can continue with the rest.
 * @param placeholder replaces a missing or invalid value; for the empty path, all options together
 */
export function readOptions<S extends z.ZodType>(
  schema: S,
  path: string,
  given: unknown,
  placeholder: Placeholder = (path) => (path.length === 0 ? {} : undefined),
): ReadOptions<z.output<S>> {
  const valid = schema.safeParse(given);
  if (valid.success) {
    return { options: valid.data, problems: [] };
  }
  let candidate = withoutUndefined(given);
  let result = schema.safeParse(candidate);
  const problems = result.success
    ? []
    : result.error.issues.flatMap((issue) => problemsOf(issue, path, candidate));
  for (let round = 0; !result.success && round < ROUNDS; round += 1) {
    candidate = repaired(candidate, result.error.issues, placeholder);
    result = schema.safeParse(candidate);
  }
  return { options: result.success ? result.data : schema.parse(placeholder([])), problems };
}

/** Options whose keys are user-defined names. Below them, an undefined value is a problem. */
const NAMED = new Set(["args", "contexts", "env", "files", "mounts", "nodes", "ports", "topics"]);

const PROBES = new Set<PropertyKey | undefined>(["live", "ready"]);

/** Removes options that are `undefined`, because they count as absent. */
function withoutUndefined(value: unknown, depth = 0, parent = ""): unknown {
  if (Array.isArray(value) && depth <= ROUNDS) {
    return value.map((one) => withoutUndefined(one, depth + 1));
  }
  if (depth > ROUNDS || !isOptions(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined || NAMED.has(parent))
      .map(([key, one]) => [key, withoutUndefined(one, depth + 1, key)]),
  );
}

/** An object of options, as opposed to a list, a reference or a handle. */
function isOptions(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    wordOf(value) === undefined &&
    !isReference(value)
  );
}

function repaired(value: unknown, issues: readonly z.core.$ZodIssue[], placeholder: Placeholder): unknown {
  let copy = value;
  for (const issue of issues) {
    const paths =
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      copy = replaced(copy, path, placeholder(path) ?? REMOVED);
    }
  }
  return compact(copy);
}

function replaced(value: unknown, path: readonly PropertyKey[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return by;
  }
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => (index === key ? replaced(one, rest, by) : one));
  }
  if (!isOptions(value) || (by === REMOVED && !Object.hasOwn(value, key))) {
    // A value that is missing below the first level makes its parent unusable.
    return REMOVED;
  }
  return { ...value, [key]: replaced(value[key], rest, by) };
}

function compact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.filter((one) => one !== REMOVED).map(compact);
    // A list without any valid entry counts as absent.
    return kept.length === 0 && value.length > 0 ? REMOVED : kept;
  }
  if (!isOptions(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]): [string, unknown] => [key, compact(one)])
      .filter(([, one]) => one !== REMOVED),
  );
}

/** Converts a zod issue to problems. A message that starts with `expected` is completed with the actual value. */
function problemsOf(issue: z.core.$ZodIssue, prefix: string, input: unknown): Problem[] {
  // `live.check.path` is the internal structure of `live: http(path)`.
  const written = issue.path.filter((part, index) => part !== "check" || !PROBES.has(issue.path[index - 1]));
  const path = [prefix, ...written.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(", ");
    return issue.keys.map((key) => ({
      path: `${path}.${key}`,
      message: "unknown option",
      fix: suggestion(key, known),
    }));
  }
  const found = issue.path.reduce<unknown>(at, input);
  const isHidden = issue.path.some((part) => typeof part === "string" && isSecretName(part));
  const got = isHidden && found !== undefined ? "a value that is not shown" : show(found);
  const message = issue.message.startsWith("expected ") ? `${issue.message}, got ${got}` : issue.message;
  const fix = fixOf(issue, found, isHidden);
  return [{ path, message, ...(fix !== undefined && { fix }) }];
}

function fixOf(issue: z.core.$ZodIssue, found: unknown, isHidden: boolean): string | undefined {
  if (issue.code === "custom") {
    const given: unknown = issue.params?.["fix"];
    return typeof given === "string" && !isHidden ? given : undefined;
  }
  if (issue.code === "invalid_value" && typeof found === "string") {
    const close = nearest(found, issue.values.map(String));
    return close === undefined ? undefined : `did you mean ${close}?`;
  }
  return undefined;
}

/** Suggests the most similar known name, or lists all known names. */
export function suggestion(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close === undefined ? `known here: ${known.join(", ") || "none"}` : `did you mean ${close}?`;
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}
