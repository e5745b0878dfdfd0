/** A value that is unknown before the deployment, such as the digest of an image that is not built yet. */
export const LATE = Symbol("known only after deployment");

/** A resource as rules see it. */
export interface ResourceFacts {
  /** `kubernetes:apps/v1:Deployment` */
  readonly type: string;
  readonly name: string;
  /** Inputs as plain data; an unknown value is `LATE`. */
  readonly props: Readonly<Record<string, unknown>>;
  /** Whether Pulumi refuses to delete it. */
  readonly isProtected: boolean;
  /** Whether its stack has the lifecycle `retain`. */
  readonly isProduction: boolean;
  /** Whether it must survive the failure of a zone: in prod. Staging need not, to save cost. */
  readonly spansZones: boolean;
}

/** `path: expected X, got Y`. */
export type Violation = string;

/** One rule of the pack: a pure function that the engine, the documents and the tests call. */
export interface Rule {
  /** In kebab-case. Stacks configure the rule's level by this name. */
  readonly name: string;
  /** What the rule requires, in one sentence. */
  readonly description: string;
  readonly check: (resource: ResourceFacts) => readonly Violation[];
}
