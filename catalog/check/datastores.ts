import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import type { DatastoreDefinition, Engine, Resources, SystemDefinition } from "../types";
import { parseCpu, parseQuantity } from "../../base/quantities";
import { checkKafka, checkManagedKafka } from "./kafka";
import { checkCloudSql, checkPostgres } from "./postgres";
import { checkMemorystore, checkRedis } from "./redis";

/** Memory below which the datastore's process does not start, by kind. */
const LEAST_MEMORY: Readonly<Partial<Record<Engine, `${number}Mi`>>> = { kafka: "512Mi", neo4j: "768Mi" };

/** Reports options of a datastore that its chosen kind does not support. */
export function checkDatastores(definition: SystemDefinition, settings?: PlanSettings): Problem[] {
  return definition.datastores.flatMap((datastore) => [
    ...checkStore(datastore),
    ...checkEngine(datastore),
    ...(settings ? checkKind(datastore, settings) : []),
  ]);
}

function checkEngine(datastore: DatastoreDefinition): Problem[] {
  switch (datastore.kind) {
    case "postgres":
      return checkPostgres(datastore);
    case "redis":
      return checkRedis(datastore);
    case "kafka":
      return checkKafka(datastore);
    case "neo4j":
      return [];
  }
}

function checkKind(datastore: DatastoreDefinition, settings: PlanSettings): Problem[] {
  if (datastore.kind === "postgres") {
    return checkCloudSql(datastore, settings);
  }
  if (datastore.kind === "redis") {
    return checkMemorystore(datastore, settings);
  }
  if (datastore.kind === "kafka") {
    return checkManagedKafka(datastore, settings);
  }
  const chosen = settings.datastores?.[datastore.name]?.kind ?? "container";
  return chosen === "container"
    ? []
    : [
        {
          path: `datastores.${datastore.name}.kind`,
          message: `Google Cloud runs no Neo4j, so ${chosen} is no kind of it`,
          fix: "use kind: container (Neo4j in the cluster)",
        },
      ];
}

function checkStore({ kind, name, resources, environments }: DatastoreDefinition): Problem[] {
  const overlays = Object.entries(environments).flatMap(([environment, overlay]) =>
    overlay.resources
      ? checkResources(`${name}.environments.${environment}.resources`, kind, overlay.resources)
      : [],
  );
  return [...checkResources(`${name}.resources`, kind, resources), ...overlays];
}

function checkResources(path: string, kind: Engine, resources: Resources): Problem[] {
  const [cpu, memory] = [resources.cpu.map(parseCpu), resources.memory.map(parseQuantity)];
  if (!cpu[0] || !cpu[1] || cpu[0] > cpu[1] || !memory[0] || !memory[1] || memory[0] > memory[1]) {
    return [{ path, message: "expected [request, limit] with request ≤ limit" }];
  }
  const least = LEAST_MEMORY[kind];
  return least && memory[1] < (parseQuantity(least) ?? 0)
    ? [
        {
          path: `${path}.memory`,
          message: `expected a limit of ${least} or more for ${kind}, got ${resources.memory[1]}`,
        },
      ]
    : [];
}
