import { reference, type TextReference, type Value } from "../../catalog/references";

/** A mark in a text that a reference takes the place of. Neither YAML nor PromQL nor templates have anything like it. */
export function mark(name: string): string {
  return `@(${name})`;
}

/** The text with every mark replaced. @throws Error for a mark without a value: it would be deployed as it is */
export function fill(content: string, values: Readonly<Record<string, Value>>): TextReference {
  const parts = content.split(/@\(([A-Za-z]+)\)/).map((part, index): Value => {
    if (index % 2 === 0) {
      return part;
    }
    const value = values[part];
    if (value === undefined) {
      throw new Error(`internal: nothing to fill in for ${mark(part)}`);
    }
    return value;
  });
  return reference({ ref: "text", parts: parts.filter((part) => part !== "") });
}
