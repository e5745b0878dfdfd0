/** A resource of an environment as plain data, derived without the engine. */
export interface DescribedResource {
  /** The owning system, or `platform` for resources that all systems share. */
  readonly system: string;
  /** `gcp:sql/databaseInstance:DatabaseInstance`, `apps/v1/Deployment`, `compose/service` */
  readonly type: string;
  /** Unique per system and type, and stable across releases. */
  readonly name: string;
  /** Inputs. Secrets are replaced by references. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** All resources of an environment. */
export interface DescribedStack {
  readonly stack: string;
  /** Whether data is protected from deletion. */
  readonly lifecycle: "retain" | "ephemeral";
  readonly resources: readonly DescribedResource[];
}

export interface PropertyDifference {
  /** `containers.backend.resources.limits.memory` */
  readonly path: string;
  readonly kind: "add" | "change" | "remove";
  readonly before?: unknown;
  readonly after?: unknown;
  /** Whether the change replaces the resource. */
  readonly replaces: boolean;
}

/** Consequence of a dangerous change, as a phrase. */
export type Danger = string;

export interface ResourceDifference {
  readonly operation: "create" | "update" | "replace" | "delete";
  readonly system: string;
  readonly type: string;
  readonly name: string;
  /** Sorted by path. Empty for created and deleted resources. */
  readonly properties: readonly PropertyDifference[];
  readonly dangers: readonly Danger[];
}

export interface StackDifference {
  readonly stack: string;
  /** Dangerous ones first, then by system, type and name. */
  readonly differences: readonly ResourceDifference[];
}
