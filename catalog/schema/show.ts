import { wordOf } from "../handles";
import { describe, isReference } from "../references";

const LONGEST = 80;

/** Formats a value for an error: text in quotes, a handle by its statement and name, on at most one line. */
export function show(value: unknown): string {
  if (value === undefined) {
    return "nothing";
  }
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST - 3)}...` : value);
  }
  if (typeof value === "function") {
    return "a function";
  }
  if (typeof value === "symbol") {
    return "a symbol";
  }
  if (
    value === null ||
    typeof value === "number" ||
    typeof value === "boolean" ||
    typeof value === "bigint"
  ) {
    return String(value);
  }
  if (typeof value !== "object") {
    return typeof value;
  }
  const word = wordOf(value);
  if (word !== undefined) {
    return `the ${word} ${(value as { name: string }).name}`;
  }
  if (isReference(value)) {
    return `the reference ${describe(value)}`;
  }
  return json(value);
}

function json(value: object): string {
  try {
    const text = JSON.stringify(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
  } catch {
    return Array.isArray(value) ? "a list" : "an object";
  }
}
