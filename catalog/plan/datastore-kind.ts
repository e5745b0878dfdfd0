import type { DatastoreProperty, DatastoreRole } from "../references";
import type { DatastoreDefinition } from "../types";
import type { Exporter } from "./exporter";
import type { PlanSettings } from "./settings";
import type { PlannedDatastore, PlannedImage, PlanValue, SecretFile, Workload } from "./types";

/** Names that a datastore occupies in addition to its own. */
export interface StoreNames {
  /** Its jobs: one that its clients wait for, and one that revokes rotated passwords. */
  readonly jobs: readonly { readonly name: string; readonly purpose: string }[];
  /** Its passwords, all generated. */
  readonly secrets: readonly string[];
  /** Names of secrets that it had in former versions. Config may still contain them. @default [] */
  readonly former?: readonly string[];
  /** Name of the workload that exports its metrics. @default - none */
  readonly exporter?: string;
  /** Names of its containers beside the server. @default [] */
  readonly companions?: readonly string[];
}

/** A job that revokes a rotated password after all its users have switched. */
export interface CredentialRevocation {
  readonly job: Workload;
  /** Name of the secret with the password. */
  readonly secret: string;
}

/** The rules of one datastore kind: how its definition is planned. D and P are the kind's own types. */
export interface DatastoreKind<
  D extends DatastoreDefinition = DatastoreDefinition,
  P extends PlannedDatastore = PlannedDatastore,
> {
  /** Properties that references can name. */
  readonly properties: readonly DatastoreProperty[];
  names(definition: D): StoreNames;
  plan(definition: D, settings: PlanSettings): P;
  image(planned: P): PlannedImage;
  /** The datastore as a container. */
  store(planned: P, definition: D, settings: PlanSettings): Workload;
  /** Containers that run beside the server, such as an archive. @default - none */
  companions?(planned: P): readonly Workload[];
  /** Setup job that gates the datastore's clients. @default - clients wait until the datastore is healthy */
  job(planned: P): Workload | undefined;
  /** Revokes the previous password after the last client has switched. @default - none: no password was rotated */
  retire(planned: P): CredentialRevocation | undefined;
  /** Exporter of its metrics. Present if `names` has an exporter and the datastore is a container. */
  exporter(planned: P): Exporter | undefined;
  /** Names of the secrets that a managed instance generates instead of Longshore. @default - none */
  provided?(planned: P): readonly string[];
  /** The file of the CA certificate that its URL names. Each client gets it. @default - none: the URL names no file */
  authority?(planned: P): SecretFile | undefined;
  /** Google Cloud roles that its clients need. @default - none: a password is sufficient */
  roles?(planned: P): readonly string[];
  /**
   * Returns undefined for a property that the product does not offer, and null for one that does not apply to this
   * kind.
   */
  value(planned: P, property: DatastoreProperty, role: DatastoreRole): PlanValue | null | undefined;
}
