import { nearest } from "./check/nearest";
import type { Problem } from "./problems";

/** Names of an options object's keys: the type keeps the list complete. */
export type Keys<T> = Readonly<Record<keyof T, true>>;

/**
 * Unknown options. The type checker finds them while writing, but neither `validate` nor `up` runs
 * it, and a misspelt `ready` would otherwise drop the readiness check without a word.
 */
export function unknownOptions<T extends object>(path: string, options: T, keys: Keys<T>): Problem[] {
  const known = Object.keys(keys);
  return Object.keys(options)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const close = nearest(key, known);
      return {
        path: `${path}.${key}`,
        message: "unknown option",
        fix: close ? `did you mean ${close}?` : `known here: ${known.join(", ")}`,
      };
    });
}
