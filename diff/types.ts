/** A resource of an environment as plain data, known without the engine. */
export interface DescribedResource {
  /** The system that it belongs to, or `platform`: what all systems share. */
  readonly system: string;
  /** `gcp:sql/databaseInstance:DatabaseInstance`, `apps/v1/Deployment`, `compose/service` */
  readonly type: string;
  /** Unique among those of its system and type; stays the same from release to release. */
  readonly name: string;
  /** What it is made with. Never holds a secret: a reference stands in its place. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Everything that an environment consists of. */
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
  /** Whether it needs a new resource. */
  readonly replaces: boolean;
}

/** What makes a change one that a reviewer must not overlook, and what it does. */
export type Danger = string;

export interface ResourceDifference {
  readonly operation: "create" | "update" | "replace" | "delete";
  readonly system: string;
  readonly type: string;
  readonly name: string;
  /** Sorted by path. Empty for what is created or deleted. */
  readonly properties: readonly PropertyDifference[];
  readonly dangers: readonly Danger[];
}

export interface StackDifference {
  readonly stack: string;
  /** Dangerous ones first, then by system, type and name. */
  readonly differences: readonly ResourceDifference[];
}
