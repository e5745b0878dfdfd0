import type { Change } from "./diff";
import type { Properties } from "./values";

/** A problem with one input. The reason never contains a value that could be secret. */
export interface Failure {
  /** Path such as `settings.tier`. */
  readonly property: string;
  readonly reason: string;
}

/** A resource to plan. Inputs come without secret wrappers. */
export interface Subject {
  /** Token such as `gcp:sql/databaseInstance:DatabaseInstance`. */
  readonly type: string;
  /** Logical name in the program. */
  readonly name: string;
  readonly urn: string;
  readonly inputs: Properties;
  /** Configuration of the provider instance. */
  readonly config: Properties;
}

export interface Creation {
  readonly id: string;
  /** Outputs that the service would add to the inputs. Secrets are wrapped; unknown outputs are absent. */
  readonly outputs: Properties;
}

/** The part of a planning provider that is specific to its resources. */
export interface Planner {
  /** Name of the package, such as `gcp`. */
  readonly package: string;
  /** The typed SDK that the program uses, such as `@pulumi/gcp`. */
  readonly sdk: string;
  /** Assumptions of a preview, as sentences. */
  readonly assumptions: readonly string[];
  /**
   * Adds the inputs that the real provider generates before its checks, such as names.
   * `previous`: previous inputs of the resource; `unique`: a short random suffix.
   */
  complete(subject: Subject, previous: Properties | undefined, unique: string): Properties;
  /** `previous`: previous inputs of the resource. */
  check(subject: Subject, previous?: Properties): Failure[];
  /** The inputs as the service stores them, where it changes them. A later update compares with these. @default - unchanged */
  stored?(subject: Subject): Properties;
  /** Whether a change at this path is no difference for the service. @default - every change is a difference */
  ignores?(change: Change): boolean;
  /** Whether a change at this path replaces the resource. */
  replaces(type: string, change: Change, before: Properties, after: Properties): boolean;
  /** Whether the old resource must be deleted before the new one is created. */
  deleteFirst(type: string, before: Properties, after: Properties): boolean;
  /** `previous`: previous outputs, for an update; `preview`: whether nothing is applied. */
  create(
    subject: Subject,
    options: { preview: boolean; previous: Properties | undefined; unique: string },
  ): Creation;
  /** Why the service refuses to delete a resource with this state. @default - it does not */
  refusesDeletion?(type: string, state: Properties): string | undefined;
  /** Names of inputs and outputs that are always secret in the state. */
  secrets(type: string): readonly string[];
  /** Problems and replacements of the provider's own configuration. */
  checkConfig?(config: Properties): Failure[];
  replacesConfig?(change: Change, before: Properties, after: Properties): boolean;
}
