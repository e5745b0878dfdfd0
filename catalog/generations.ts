/** Which value of a secret is in use. Every value that it ever had has a number. */
export interface Generation {
  /** From 1 on. */
  readonly number: number;
  /** When it was made, as `2026-11-21`. @default - not known */
  readonly since?: string;
  /** Values up to this number are not accepted any more, where several are (`kind: "keys"`). @default 0 */
  readonly retired?: number;
}

/** By secret, or by pair where the secret is one part of it. Those that are not named are at 1. */
export type Generations = Readonly<Record<string, Generation | undefined>>;

/** A value of a secret, in config and in the plan: `db-app-password`, after a rotation `db-app-password@2`. */
export function valueName(secret: string, generation: number): string {
  return generation === 1 ? secret : `${secret}@${generation}`;
}

/** The other way round. Undefined for what no value is called, such as `token@1`. */
export function parseValueName(name: string): { secret: string; generation: number } | undefined {
  const at = name.indexOf("@");
  if (at < 0) {
    return { secret: name, generation: 1 };
  }
  const number = name.slice(at + 1);
  return /^([2-9]|[1-9]\d{1,5})$/.test(number)
    ? { secret: name.slice(0, at), generation: Number(number) }
    : undefined;
}

export function generationOf(generations: Generations | undefined, secret: string): Generation {
  return generations?.[secret] ?? { number: 1 };
}

/** Name of the value in use. */
export function currentName(generations: Generations | undefined, secret: string): string {
  return valueName(secret, generationOf(generations, secret).number);
}

/** Name of the value before it. @default - there was none */
export function previousName(generations: Generations | undefined, secret: string): string | undefined {
  const { number } = generationOf(generations, secret);
  return number > 1 ? valueName(secret, number - 1) : undefined;
}

/**
 * What a rotation may do. `next`: the generation in config is the deployed one. `pending`: config is ahead, and another
 * generation would skip the one that stores know. `behind`: a later generation is deployed than this config has.
 */
export type RotationStep = "next" | "pending" | "behind";

/**
 * @param number generation in config
 * @param deployed generation that the last successful deployment used. @default - none is recorded
 * @param held generations whose values config holds: without a record the oldest may be in use
 */
export function rotationStep(
  number: number,
  deployed: number | undefined,
  held: readonly number[],
): RotationStep {
  const inUse = deployed ?? Math.min(number, ...(held.length > 0 ? held : [1]));
  return number === inUse ? "next" : number > inUse ? "pending" : "behind";
}

/** Whether config may forget a value when the next generation is made: it was replaced by the deployed one. */
export function isObsolete(generation: number, deployed: number): boolean {
  return generation < deployed;
}
