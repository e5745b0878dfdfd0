import { createHash } from "node:crypto";
import { allowances, LISTED } from "./policy-rules";

/** Suffix of the path of a leaf that represents a whole text. */
export const WHOLE = " as a whole";

/** Returns the leaves of a value by path. Order is ignored where it has no meaning. */
export function flatten(value: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  walk(value, "", leaves);
  return leaves;
}

function walk(value: unknown, path: string, leaves: Map<string, unknown>): void {
  if (typeof value === "string" && value.includes("\n")) {
    lines(value, path, leaves);
    return;
  }
  const allowed = Array.isArray(value) && /(^|\.)(in|e)gress$/.test(path) ? allowances(value) : undefined;
  if (allowed && allowed.length > 0) {
    allowed.forEach((one) => leaves.set(`${path} ${one}`, LISTED));
    return;
  }
  const entries = entriesOf(value);
  if (entries === undefined) {
    leaves.set(path, value);
    return;
  }
  if (entries.length === 0) {
    // An added or removed `{}` is a difference too.
    leaves.set(path, Array.isArray(value) ? "[]" : "{}");
  }
  for (const [key, item] of entries) {
    walk(item, path === "" ? key : `${path}.${key}`, leaves);
  }
}

/** Adds a text by line, to show new lines, and as a whole, because the order of lines may matter. */
function lines(text: string, path: string, leaves: Map<string, unknown>): void {
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line !== "") {
      leaves.set(`${path} ${line}`, LISTED);
    }
  }
  leaves.set(`${path}${WHOLE}`, createHash("sha256").update(text).digest("hex").slice(0, 7));
}

/** Returns the parts of a value. Items with a name (containers, variables, ports, volumes) are keyed by it. */
function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) {
    return items(value);
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).filter(([, item]) => item !== undefined)
    : undefined;
}

function items(list: readonly unknown[]): [string, unknown][] {
  const names = list.map(nameOf);
  const named = names.every((name) => name !== undefined) && new Set(names).size === list.length;
  if (named) {
    return list.map((item, index) => [names[index] ?? "", withoutName(item)]);
  }
  return list.map((item, index) => [String(index), item]);
}

function nameOf(item: unknown): string | undefined {
  const name =
    typeof item === "object" && item !== null
      ? ((item as { name?: unknown; mountPath?: unknown }).mountPath ?? (item as { name?: unknown }).name)
      : undefined;
  return typeof name === "string" ? name : undefined;
}

/** Removes the name of an item: `{ name: "LOG_LEVEL", value: "info" }` becomes `info` under that name. */
function withoutName(item: unknown): unknown {
  const { name: _, ...rest } = item as Record<string, unknown>;
  const keys = Object.keys(rest);
  return keys.length === 1 && keys[0] === "value" ? rest.value : rest;
}
