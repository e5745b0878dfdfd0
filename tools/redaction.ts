import { maskOf, type Mask } from "./mask";

/** Secret values known to this process. */
const known = new Set<string>();
let mask: Mask | undefined;

/** Registers secret values. Errors, diagnostics and log lines of this process mask them from now on. */
export function registerSecrets(values: Iterable<string>): void {
  for (const value of values) {
    if (!known.has(value)) {
      known.add(value);
      mask = undefined;
    }
  }
}

/** Masks the registered values in any encoding that {@link maskOf} covers. */
export function redact(text: string): string {
  return known.size === 0 ? text : (mask ??= maskOf([...known]))(text);
}

/** Clears the registered values, for tests. */
export function forgetSecrets(): void {
  known.clear();
  mask = undefined;
}
