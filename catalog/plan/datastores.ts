import type { DatastoreDefinition, Engine } from "../types";
import type { DatastoreKind, CredentialRevocation } from "./datastore-kind";
import { kafka } from "./kafka";
import type { Exporter } from "./exporter";
import { neo4j } from "./neo4j";
import { postgres } from "./postgres";
import { redis } from "./redis";
import type { PlanSettings } from "./settings";
import type { Dependency, PlannedDatastore, PlannedImage, Workload } from "./types";

/** The rules of every kind of datastore. */
const ENGINES: {
  readonly [K in Engine]: DatastoreKind<
    Extract<DatastoreDefinition, { kind: K }>,
    Extract<PlannedDatastore, { engine: K }>
  >;
} = { kafka, neo4j, postgres, redis };

/** Returns the rules of a kind. They accept only definitions and plans of that kind. */
export function rulesOf(engine: Engine): DatastoreKind {
  return ENGINES[engine];
}

/** A planned datastore and the workloads and secrets that belong to it. */
export interface DatastorePlan {
  readonly datastore: PlannedDatastore;
  readonly image: PlannedImage;
  /** Its containers, if it runs as one, and its setup job. */
  readonly workloads: readonly Workload[];
  /** Names of its passwords that Longshore generates. */
  readonly secrets: readonly string[];
  /** Names of the secrets that a managed instance generates. */
  readonly provided: readonly string[];
  /** Condition that gates the datastore's clients. @default - none: a managed datastore exists before the workloads */
  readonly gate?: Dependency;
  /** Exporter of its metrics. @default - none */
  readonly exporter?: Exporter;
  /** Revokes a rotated password after all its users have switched. @default - none */
  readonly retirement?: CredentialRevocation;
}

export function planStore(definition: DatastoreDefinition, settings: PlanSettings): DatastorePlan {
  const rules = rulesOf(definition.kind);
  const datastore = rules.plan(definition, settings);
  const provided = rules.provided?.(datastore) ?? [];
  const secrets = rules.names(definition).secrets.filter((name) => !provided.includes(name));
  const job = rules.job(datastore);
  const container =
    datastore.kind === "container"
      ? [rules.store(datastore, definition, settings), ...(rules.companions?.(datastore) ?? [])]
      : [];
  const gate = gateOf(datastore, job);
  const exporter = settings.monitoring && rules.exporter(datastore);
  const retirement = rules.retire(datastore);
  return {
    datastore,
    image: rules.image(datastore),
    workloads: [...container, ...(job ? [job] : [])],
    secrets,
    provided,
    ...(gate && { gate }),
    ...(retirement && { retirement }),
    ...(gate && exporter && { exporter: asClient(exporter, datastore, gate) }),
  };
}

function gateOf({ name, kind }: PlannedDatastore, job: Workload | undefined): Dependency | undefined {
  if (job) {
    return { workload: job.name, condition: "completed" };
  }
  return kind === "container" ? { workload: name, condition: "healthy" } : undefined;
}

/** Makes the exporter wait for its datastore and limits its connections to that datastore. */
function asClient(
  { image, workload }: Exporter,
  { name, port }: PlannedDatastore,
  gate: Dependency,
): Exporter {
  return {
    image,
    workload: { ...workload, after: [gate], connects: [{ to: "workload", workload: name, port }] },
  };
}
