/** The current value of a secret. All values of a secret are numbered. */
export interface Generation {
  /** Starts at 1. */
  readonly number: number;
  /** Date on which the value was created, such as `2026-11-21`. @default - unknown */
  readonly since?: string;
  /**
   * Values up to this number are no longer accepted, for secrets with several valid values (`kind: "keys"`). @default 0
   */
  readonly retired?: number;
}

/**
 * Generations by secret, or by pair for secrets that belong to one. Secrets that are not listed are at generation 1.
 */
export type Generations = Readonly<Record<string, Generation | undefined>>;

/**
 * Returns the name of a secret's value in config and plan: `db-app-password`, or `db-app-password@2` after a rotation.
 */
export function valueName(secret: string, generation: number): string {
  return generation === 1 ? secret : `${secret}@${generation}`;
}

/** Inverse of `valueName`. Returns undefined for an invalid name such as `token@1`. */
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

/** Returns the name of the current value. */
export function currentName(generations: Generations | undefined, secret: string): string {
  return valueName(secret, generationOf(generations, secret).number);
}

/** Returns the name of the previous value. @default - undefined before the first rotation */
export function previousName(generations: Generations | undefined, secret: string): string | undefined {
  const { number } = generationOf(generations, secret);
  return number > 1 ? valueName(secret, number - 1) : undefined;
}

/**
 * The state of a rotation. `next`: config and deployment have the same generation, and a rotation may start. `pending`:
 * config is ahead, and another rotation would skip the generation that the datastores know. `behind`: the deployed
 * generation is later than the one in config.
 */
export type RotationStep = "next" | "pending" | "behind";

/**
 * Compares the generation in config with the deployed one.
 * @param number generation in config
 * @param deployed generation of the last successful deployment. @default - not recorded
 * @param held generations whose values config contains; without a record, the oldest may be in use
 */
export function rotationStep(
  number: number,
  deployed: number | undefined,
  held: readonly number[],
): RotationStep {
  const inUse = deployed ?? Math.min(number, ...(held.length > 0 ? held : [1]));
  return number === inUse ? "next" : number > inUse ? "pending" : "behind";
}

/** Whether config may drop a value when the next generation is created: the deployed value has replaced it. */
export function isObsolete(generation: number, deployed: number): boolean {
  return generation < deployed;
}
