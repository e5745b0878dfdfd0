import type { DatastoreProperty, DatastoreRole } from "../references";
import type { DatastoreDefinition } from "../types";
import type { Exporter } from "./monitoring";
import type { PlanSettings } from "./settings";
import type { PlannedDatastore, PlannedImage, PlanValue, Workload } from "./types";

/** The names that a datastore takes besides its own. */
export interface StoreNames {
  /** Its jobs: one that must be done before anyone uses it, one that ends what a rotation has replaced. */
  readonly jobs: readonly { readonly name: string; readonly does: string }[];
  /** Its passwords, all generated. */
  readonly secrets: readonly string[];
  /** Secrets that it once had. Config may still hold them. @default [] */
  readonly former?: readonly string[];
  /** What translates its metrics. @default - nothing does */
  readonly exporter?: string;
}

/** A job that comes after all who use a password. */
export interface Retirement {
  readonly job: Workload;
  /** Name of the secret with the password. */
  readonly secret: string;
}

/** All that is particular to one engine: what its words become. D and P are the engine's own types. */
export interface EngineRules<
  D extends DatastoreDefinition = DatastoreDefinition,
  P extends PlannedDatastore = PlannedDatastore,
> {
  /** What references can ask for. */
  readonly properties: readonly DatastoreProperty[];
  names(definition: D): StoreNames;
  plan(definition: D, settings: PlanSettings): P;
  image(planned: P): PlannedImage;
  /** The datastore as a container. */
  store(planned: P, definition: D, settings: PlanSettings): Workload;
  /** Must be done before anyone uses it. @default - it has to be healthy */
  job(planned: P): Workload | undefined;
  /** Ends the password that a rotation has replaced, once nobody uses it. @default - none was replaced */
  retire(planned: P): Retirement | undefined;
  /** Present exactly where `names` has an exporter, and where the datastore is a container. */
  exporter(planned: P): Exporter | undefined;
  /** Secrets that a managed instance makes instead of us. @default - none */
  provided?(planned: P): readonly string[];
  /** Roles on Google Cloud that its clients need. @default - none: a password is enough */
  roles?(planned: P): readonly string[];
  /** Undefined for a property that the engine does not offer, null for one that this kind has no use for. */
  value(planned: P, property: DatastoreProperty, role: DatastoreRole): PlanValue | null | undefined;
}
