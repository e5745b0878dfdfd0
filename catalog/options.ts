import { nearest } from "../base/nearest";
import type { Problem } from "../base/problems";

/** The keys of an options object. The type ensures that the list is complete. */
export type Keys<T> = Readonly<Record<keyof T, true>>;

/**
 * Reports unknown options. The type checker finds them too, but `validate` and `up` do not run it. Without this check,
 * a misspelt `ready` would silently disable the readiness probe.
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
