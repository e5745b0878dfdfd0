import { z } from "zod";
import { list, oneOf, options, text, textLike } from "./basics";

export const SETTING_TYPES = ["text", "number", "boolean"] as const;

export const settingValue = z.custom<string | number | boolean>().superRefine((value: unknown, context) => {
  const isValue = typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean";
  if (!isValue && !text.safeParse(value).success) {
    context.addIssue({ code: "custom", message: "expected text, a number, true or false" });
  }
});

const bound = z.number({ error: "expected a number" });

export const settingOptions = options({
  /**
   * Type of a setting without a default: `text`, `number` or `boolean`. @default - the type of the default, else `text`
   */
  type: oneOf(SETTING_TYPES).exactOptional(),
  /** Allowed values. @default - any value of the type */
  oneOf: list(settingValue)
    .refine((values) => values.length > 0, { error: "expected at least one value" })
    .exactOptional(),
  /** Minimum. @default - no limit */
  min: bound.exactOptional(),
  /** Maximum. @default - no limit */
  max: bound.exactOptional(),
  /** Regular expression that must match the whole text, such as `\\d{4}`. @default - any text */
  pattern: textLike("a regular expression", isPattern).exactOptional(),
});

function isPattern(value: string): boolean {
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    return false;
  }
}
