import { isDeepStrictEqual } from "node:util";
import { structuredPatch } from "diff";
import { dump, loadAll } from "js-yaml";

/** Texts by their path. */
export type Documents = ReadonlyMap<string, string>;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/**
 * What turns documents into others, as lines to read: `~ path: old → new`, `- path`, `+ path: value`. YAML and JSON are
 * compared as data, all other files by their lines. Two different results never have the same differences.
 */
export function documentDifferences(from: Documents, to: Documents): string {
  const paths = [...new Set([...from.keys(), ...to.keys()])].sort();
  return paths
    .map((path) => {
      const lines = differencesOf(path, from.get(path), to.get(path));
      return lines.length === 0 ? "" : [`=== ${path}`, ...lines, "", ""].join("\n");
    })
    .join("");
}

function differencesOf(path: string, from: string | undefined, to: string | undefined): string[] {
  if (to === undefined) {
    return ["absent"];
  }
  if (from === undefined) {
    return ["added", ...to.split("\n").map((line) => `+${line}`)];
  }
  if (!/\.(ya?ml|json)$/.test(path)) {
    return lineDifferences(from, to);
  }
  const [before, after] = [from, to].map((text) => named(loadAll(text) as Json[]));
  return before === undefined || after === undefined ? lineDifferences(from, to) : compare([], before, after);
}

/** Changed lines with two lines of context, without line numbers, which change with every line above. */
function lineDifferences(from: string, to: string): string[] {
  const { hunks } = structuredPatch("", "", from, to, "", "", { context: 2 });
  return hunks.flatMap(({ lines }) => ["@@", ...lines]);
}

/** The documents of a stream by kind and name; undefined when two have the same. */
function named(documents: readonly Json[]): JsonObject | undefined {
  const [only] = documents;
  if (documents.length === 1 && isObject(only)) {
    return only;
  }
  const entries = documents.map((document) => {
    const { kind, metadata } = document as { kind?: string; metadata?: { name?: string } };
    return [`${kind ?? ""}/${withoutHash(metadata?.name ?? "")}`, document] as const;
  });
  const keys = new Set(entries.map(([key]) => key));
  return keys.size === entries.length ? Object.fromEntries(entries) : undefined;
}

function compare(path: readonly string[], from: Json, to: Json): string[] {
  if (isDeepStrictEqual(from, to)) {
    return [];
  }
  if (isObject(from) && isObject(to)) {
    return compareObjects(path, from, to);
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const [before, after] = [byName(from), byName(to)];
    if (before && after) {
      return [...compareOrder(path, before, after), ...compareObjects(path, before, after)];
    }
    if (from.length === to.length && [...from, ...to].every(isObject)) {
      return from.flatMap((element, index) => compare([...path, String(index)], element, to[index] ?? null));
    }
  }
  if (typeof from === "string" && typeof to === "string" && from.includes("\n") && to.includes("\n")) {
    return [`~ ${path.join(" ")}:`, ...lineDifferences(from, to).map((line) => `    ${line}`)];
  }
  return [`~ ${path.join(" ")}: ${shortened(from)} → ${JSON.stringify(to)}`];
}

function compareObjects(path: readonly string[], from: JsonObject, to: JsonObject): string[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return keys.flatMap((key) => {
    const [before, after] = [from[key], to[key]];
    const inner = [...path, key];
    if (after === undefined) {
      return [`- ${inner.join(" ")}`];
    }
    return before === undefined ? added(inner, after) : compare(inner, before, after);
  });
}

/** The name of an object without the hash of its content: it stays the same object with another content. */
function withoutHash(name: string): string {
  return name.replace(/-[0-9a-f]{10}$/, "-#");
}

/** The old value, which the whole document set has too, so that a long one need not be repeated. */
function shortened(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? "…" : text;
}

/** A value that is new, objects as indented YAML. */
function added(path: readonly string[], value: Json): string[] {
  if (typeof value !== "object" || value === null) {
    return [`+ ${path.join(" ")}: ${JSON.stringify(value)}`];
  }
  const lines = dump(value, { lineWidth: -1, quotingType: '"' }).trimEnd().split("\n");
  return [`+ ${path.join(" ")}:`, ...lines.map((line) => `    ${line}`)];
}

/** The elements by their names, which all must have and no two may share; undefined for any other list. */
function byName(list: readonly Json[]): JsonObject | undefined {
  const named = new Map<string, Json>();
  for (const element of list) {
    const name = isObject(element) ? element["name"] : undefined;
    // An object would put names that look like numbers first.
    if (typeof name !== "string" || name === "" || /^\d+$/.test(name)) {
      return undefined;
    }
    named.set(name, element);
  }
  return named.size === list.length ? Object.fromEntries(named) : undefined;
}

/** A line when the order is neither that of the names nor follows from the other list's. */
function compareOrder(path: readonly string[], from: JsonObject, to: JsonObject): string[] {
  const after = Object.keys(to);
  const kept = Object.keys(from).filter((name) => name in to);
  const expected = [...kept, ...after.filter((name) => !(name in from)).sort()];
  const isSorted = (names: string[]) => isDeepStrictEqual(names, [...names].sort());
  const follows = isSorted(Object.keys(from)) ? isSorted(after) : isDeepStrictEqual(after, expected);
  return follows ? [] : [`~ ${path.join(" ")}: in the order ${JSON.stringify(after)}`];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
