/** Memory or storage in bytes with a binary unit, such as `512Mi` or `10Gi`. */
export type Quantity = `${number}${"Ki" | "Mi" | "Gi" | "Ti"}`;

/** CPU as Kubernetes writes it: cores (`2`, `0.5`) or thousandths of a core (`250m`). */
export type Cpu = `${number}` | `${number}m`;

/** A duration, such as `500ms`, `10s`, `5m` or `1h`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h"}`;

const UNITS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Returns the bytes of a Quantity, or undefined when the text is not one. */
export function parseQuantity(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti)$/.exec(text);
  return match ? Math.round(Number(match[1]) * (UNITS[match[2] ?? ""] ?? NaN)) : undefined;
}

/** Returns thousandths of a core, or undefined when the text is not a CPU quantity. */
export function parseCpu(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text);
  return match ? Math.round(Number(match[1]) * (match[2] ? 1 : 1000)) : undefined;
}

/** Returns milliseconds, or undefined when the text is not a Duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  return match ? Math.round(Number(match[1]) * (MILLISECONDS[match[2] ?? ""] ?? NaN)) : undefined;
}

/** Returns the whole seconds of a valid Duration, rounded up, at least 1 (Kubernetes counts in seconds). */
export function seconds(duration: Duration): number {
  return Math.max(1, Math.ceil((parseDuration(duration) ?? 0) / 1000));
}
