import type { SettingDefinition, SettingValue, SystemDefinition } from "./types";

/** Returns the expectation that a value of a setting violates, or undefined for a valid value. */
export function settingIssue(
  { type, oneOf, min, max, pattern }: SettingDefinition,
  value: unknown,
): string | undefined {
  if (oneOf) {
    const known = oneOf.map((one) => JSON.stringify(one)).join(", ");
    return oneOf.includes(value as SettingValue) ? undefined : `expected ${known}`;
  }
  const actual = typeof value === "string" ? "text" : typeof value;
  if (actual !== type || (typeof value === "number" && !Number.isFinite(value))) {
    return `expected ${{ text: "text", number: "a number", boolean: "true or false" }[type]}`;
  }
  if (
    typeof value === "number" &&
    ((min !== undefined && value < min) || (max !== undefined && value > max))
  ) {
    const [from, to] = [min === undefined ? "" : ` from ${min}`, max === undefined ? "" : ` up to ${max}`];
    return `expected a number${from}${to}`;
  }
  if (
    typeof value === "string" &&
    pattern !== undefined &&
    !new RegExp(`^(?:${pattern})$`, "u").test(value)
  ) {
    return `expected text that matches ${pattern}`;
  }
  return undefined;
}

/** Returns values for all required settings, so that a system can be checked without a stack. */
export function exampleSettings({ settings }: SystemDefinition): Record<string, SettingValue> {
  return Object.fromEntries(
    settings
      .filter((setting) => setting.default === undefined)
      .map(({ name, type, oneOf, min = 0 }) => [
        name,
        oneOf?.[0] ?? { text: "", number: min, boolean: false }[type],
      ]),
  );
}
