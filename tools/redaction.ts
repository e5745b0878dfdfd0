import { maskOf, type Mask } from "./mask";

/** Secret values that this process has seen. */
const known = new Set<string>();
let mask: Mask | undefined;

/** Registers secret values: no error, diagnostic or log line of this process shows them from now on. */
export function registerSecrets(values: Iterable<string>): void {
  for (const value of values) {
    if (!known.has(value)) {
      known.add(value);
      mask = undefined;
    }
  }
}

/** Text without the registered values, in any form that {@link maskOf} knows. */
export function redact(text: string): string {
  return known.size === 0 ? text : (mask ??= maskOf([...known]))(text);
}

/** Forgets all values. For tests. */
export function forgetSecrets(): void {
  known.clear();
  mask = undefined;
}
