/** A value that only the deployment will know, such as the digest of an image that is yet to be built. */
export const LATE = Symbol("known only after deployment");

/** A resource as rules see it. */
export interface ResourceFacts {
  /** `kubernetes:apps/v1:Deployment` */
  readonly type: string;
  readonly name: string;
  /** Inputs as plain data; a value that is not known yet is `LATE`. */
  readonly props: Readonly<Record<string, unknown>>;
  /** Whether Pulumi refuses to delete it. */
  readonly isProtected: boolean;
  /** Whether it belongs to an environment whose data must not be lost. */
  readonly isProduction: boolean;
  /** Whether people depend on it so much that it has to survive the loss of a zone; staging, for its costs, need not. */
  readonly spansZones: boolean;
}

/** What is wrong with a resource, said so that it can be mended: the path, what is expected, what was found. */
export type Violation = string;

/** One rule of the pack. A pure function: the engine, the documents and the tests ask it alike. */
export interface Rule {
  /** In kebab-case: the name under which a stack may configure its level. */
  readonly name: string;
  /** What it demands, and why. */
  readonly description: string;
  readonly check: (resource: ResourceFacts) => readonly Violation[];
}
