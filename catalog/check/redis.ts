import { redisKind } from "../plan/redis";
import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import type { RedisDefinition } from "../types";
import { parseQuantity } from "../../base/quantities";

/**
 * Memory limit relative to `maxMemory`: the rest serves clients and copies made during a rewrite of the append-only
 * file.
 */
const ROOM = 1.25;

export function checkRedis({ name, maxMemory, resources, environments }: RedisDefinition): Problem[] {
  const problems: Problem[] = [];
  const size = parseQuantity(maxMemory);
  const limits = [
    [`${name}.resources.memory`, resources.memory[1]] as const,
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      overlay.resources
        ? [[`${name}.environments.${environment}.resources.memory`, overlay.resources.memory[1]] as const]
        : [],
    ),
  ];
  for (const [path, limit] of limits) {
    const bytes = parseQuantity(limit);
    if (size && bytes && bytes < size * ROOM) {
      problems.push({
        path,
        message: `the limit ${limit} leaves no room beside maxMemory ${maxMemory}: expected a quarter more than that`,
        fix: "raise the limit or lower maxMemory",
      });
    }
  }
  return problems;
}

/** Maximum size of a Memorystore instance in bytes: 300 GiB. */
const LARGEST = 300 * 2 ** 30;

/** Reports options that Memorystore does not support, if the settings select it. */
export function checkMemorystore(definition: RedisDefinition, settings: PlanSettings): Problem[] {
  const { name, appendOnly, maxMemory } = definition;
  const path = `datastores.${name}`;
  const chosen = settings.datastores?.[name];
  if (chosen?.kind === "cloud-sql" || chosen?.kind === "managed-kafka") {
    return [
      { path: `${path}.kind`, message: `expected container or memorystore for Redis, got ${chosen.kind}` },
    ];
  }
  if (redisKind(definition, settings) !== "memorystore") {
    return [];
  }
  if (settings.target !== "gcp") {
    const message = `the target ${settings.target} has no Memorystore`;
    return [{ path: `${path}.kind`, message, fix: "use kind: container" }];
  }
  return [
    ...(appendOnly && chosen?.persistence !== "snapshots"
      ? [
          {
            path: `${path}.kind`,
            message:
              "Memorystore keeps a snapshot of every hour, and the system asks for every write on disk",
            fix: "use kind: container, or accept it with persistence: snapshots",
          },
        ]
      : []),
    ...((parseQuantity(maxMemory) ?? 0) > LARGEST
      ? [{ path: `${name}.maxMemory`, message: `Memorystore has up to 300Gi, got ${maxMemory}` }]
      : []),
  ];
}
