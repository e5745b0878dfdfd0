import { reference, type TextReference, type Value } from "../../catalog/references";

/** Returns a placeholder that `fill` replaces with a reference. YAML, PromQL and templates contain no similar text. */
export function mark(name: string): string {
  return `@(${name})`;
}

/**
 * Replaces every placeholder of a text.
 * @throws Error for a placeholder without a value, which would otherwise be deployed
 */
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
