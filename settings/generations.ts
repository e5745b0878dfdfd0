import { edgeSecrets } from "../catalog/plan/edge-tls";
import { rulesOf } from "../catalog/plan/datastores";
import { generationOf, parseValueName, type Generation, type Generations } from "../catalog/generations";
import type { Plan } from "../catalog/plan/types";
import { rotationOf } from "../catalog/secrets";
import type { GeneratedValue, SystemDefinition } from "../catalog/types";

/** A secret of a system, declared in the catalog or implied by a datastore. */
export interface KnownSecret {
  readonly name: string;
  /** Key of its generation: its own name, or its pair's. */
  readonly rotation: string;
  readonly kind: GeneratedValue["kind"];
  /** Whether the secret is obsolete. Config may still contain it. */
  readonly isFormer: boolean;
}

export function knownSecrets(definition: SystemDefinition): KnownSecret[] {
  const declared = [...definition.secrets, ...edgeSecrets(definition)].map((secret) => ({
    name: secret.name,
    rotation: rotationOf(secret),
    kind: secret.value.kind,
    isFormer: false,
  }));
  const stores = definition.datastores.map((datastore) => rulesOf(datastore.kind).names(datastore));
  const password = (isFormer: boolean) => (name: string) =>
    ({ name, rotation: name, kind: "text", isFormer }) as const;
  return [
    ...declared,
    ...stores.flatMap(({ secrets }) => secrets.map(password(false))),
    ...stores.flatMap(({ former = [] }) => former.map(password(true))),
  ];
}

type Written =
  number | { number?: number | undefined; since?: string | undefined; retired?: number | undefined };

/**
 * Determines the current generations of a system's secrets: the number in config, or a later value that config
 * contains. Setting `NAME@2` therefore performs a rotation. The last value of a set of keys is the next one, which is
 * not yet current.
 */
export function generationsOf(
  definition: SystemDefinition,
  written: Readonly<Record<string, Written>>,
  set: readonly string[],
): Generations {
  const known = knownSecrets(definition).filter(({ isFormer }) => !isFormer);
  const found = new Map<string, Generation>();
  for (const { name, rotation, kind } of known) {
    const entry = written[rotation];
    const said = typeof entry === "number" ? { number: entry } : (entry ?? {});
    const held = set.flatMap((value) => {
      const parsed = parseValueName(value);
      return parsed?.secret === name ? [parsed.generation] : [];
    });
    const last = Math.max(0, ...held) - (kind === "keys" ? 1 : 0);
    const number = Math.max(1, said.number ?? 1, last, found.get(rotation)?.number ?? 1);
    if (entry !== undefined || number > 1) {
      found.set(rotation, {
        number,
        // A date that was recorded for an earlier value does not apply.
        ...(said.since !== undefined && (said.number ?? 1) === number && { since: said.since }),
        ...(said.retired !== undefined && { retired: said.retired }),
      });
    }
  }
  return Object.fromEntries(found);
}

/**
 * Returns the generations that a deployment of a plan uses, by secret or pair. The deployment records them for the next
 * rotation.
 */
export function usedGenerations(
  { secrets }: Pick<Plan, "secrets">,
  generations: Generations | undefined,
): Record<string, number> {
  const rotations = secrets.map(({ secret: name, value }) => rotationOf({ name, value }));
  return Object.fromEntries(
    [...new Set(rotations)].sort().map((name) => [name, generationOf(generations, name).number]),
  );
}
