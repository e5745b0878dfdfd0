import type { DatastoreDefinition, Engine } from "../types";
import type { EngineRules, Retirement } from "./engine";
import { kafka } from "./kafka";
import type { Exporter } from "./monitoring";
import { neo4j } from "./neo4j";
import { postgres } from "./postgres";
import { redis } from "./redis";
import type { PlanSettings } from "./settings";
import type { Dependency, PlannedDatastore, PlannedImage, Workload } from "./types";

/** The one place that knows all engines. */
const ENGINES: {
  readonly [K in Engine]: EngineRules<
    Extract<DatastoreDefinition, { kind: K }>,
    Extract<PlannedDatastore, { engine: K }>
  >;
} = { kafka, neo4j, postgres, redis };

/** Rules of an engine, to be given that engine's definitions and plans only. */
export function rulesOf(engine: Engine): EngineRules {
  return ENGINES[engine];
}

/** A datastore with all that its description brings along. */
export interface PlannedStore {
  readonly datastore: PlannedDatastore;
  readonly image: PlannedImage;
  /** Its container, where it is one, and its job. */
  readonly workloads: readonly Workload[];
  /** Names of its passwords that we make. */
  readonly secrets: readonly string[];
  /** Names of those that a managed instance makes. */
  readonly provided: readonly string[];
  /** What must be so before anyone uses it. @default - nothing in the deployment: it is managed */
  readonly gate?: Dependency;
  /** Where metrics are collected. @default - none */
  readonly exporter?: Exporter;
  /** What comes after all its users. @default - nothing */
  readonly retirement?: Retirement;
}

export function planStore(definition: DatastoreDefinition, settings: PlanSettings): PlannedStore {
  const rules = rulesOf(definition.kind);
  const datastore = rules.plan(definition, settings);
  const provided = rules.provided?.(datastore) ?? [];
  const secrets = rules.names(definition).secrets.filter((name) => !provided.includes(name));
  const job = rules.job(datastore);
  const container = datastore.kind === "container" ? [rules.store(datastore, definition, settings)] : [];
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

/** An exporter waits for its store, and talks to nobody else. */
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
