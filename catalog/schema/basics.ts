import { z } from "zod";
import { INTERPOLATION_FIX, interpolatedIn, interpolationMessage } from "../references";
import {
  parseCpu,
  parseDuration,
  parseQuantity,
  type Cpu,
  type Duration,
  type Quantity,
} from "../../base/quantities";

/** Maximum duration of an option in milliseconds: one year. Kubernetes stores probe times as 32-bit seconds. */
const LONGEST_TIME = 365 * 24 * 3_600_000;
/** Maximum number of bytes. Larger integers are not exact. */
const MOST_BYTES = 2 ** 53;
/** Maximum CPU in thousandths of a core. */
const MOST_CPU = 1_000_000;

/** Returns the problem of a text that is invalid for any purpose, or undefined. */
export function textIssue(value: string): { message: string; fix?: string } | undefined {
  const described = interpolatedIn(value);
  if (described !== undefined) {
    return { message: interpolationMessage(described), fix: INTERPOLATION_FIX };
  }
  return value.includes("\0") ? { message: "expected text without a NUL character" } : undefined;
}

/** Schema of a text that satisfies a predicate. */
export function textLike<T extends string = string>(expected: string, isValid: (value: string) => boolean) {
  return z.custom<T>().superRefine((value: unknown, context) => {
    const issue = typeof value === "string" ? textIssue(value) : undefined;
    if (issue) {
      context.addIssue({ code: "custom", message: issue.message, params: { fix: issue.fix } });
    } else if (typeof value !== "string" || !isValid(value)) {
      context.addIssue({ code: "custom", message: `expected ${expected}` });
    }
  });
}

export const text = textLike("text", () => true);

function within(value: number | undefined, most: number): boolean {
  return value !== undefined && value > 0 && value <= most;
}

export const duration = textLike<Duration>("a time above zero such as 30s", (value) =>
  within(parseDuration(value), LONGEST_TIME),
);
export const quantity = textLike<Quantity>("a size such as 10Gi", (value) =>
  within(parseQuantity(value), MOST_BYTES),
);
export const cpu = textLike<Cpu>("an amount such as 250m or 2", (value) => within(parseCpu(value), MOST_CPU));

/** An absolute path in a container. */
export const absolutePath = textLike(
  "an absolute path",
  (value) => /^\/[^\s:,\0]+$/.test(value) && value.length < 4096 && !value.split("/").includes(".."),
);

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER, expected?: string) {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  return z.custom<number>(
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    { error: `expected ${expected ?? `a whole number ${range}`}` },
  );
}

export const port = wholeNumber(1024, 65_535, "a port from 1024 to 65535 (the container is not root)");

export const truth = z.boolean({ error: "expected true or false" });

export function oneOf<const T extends readonly string[]>(values: T) {
  // Formatted only for an error: the first list format of a process takes 10 ms.
  const names = () => new Intl.ListFormat("en-GB", { type: "disjunction" }).format(values);
  return z.enum(values as unknown as [T[number], ...T[number][]], { error: () => `expected ${names()}` });
}

export function list<S extends z.ZodType>(element: S) {
  return z.array(element, { error: "expected a list" }).readonly();
}

/** Schema of values by user-defined name. */
export function named<S extends z.ZodType>(value: S) {
  return z.record(z.string(), value, { error: "expected names and values in braces" }).readonly();
}

/** Schema of an options object. An unknown option is reported together with the known ones. */
export function options<S extends z.core.$ZodLooseShape>(shape: S, expected = "options in braces") {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : `expected ${expected}`),
  });
}
