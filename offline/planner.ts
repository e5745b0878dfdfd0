import type { Change } from "./diff";
import type { Properties } from "./values";

/** What is wrong with one input. The reason never holds a value that could be secret. */
export interface Failure {
  /** Path such as `settings.tier`. */
  readonly property: string;
  readonly reason: string;
}

/** A resource as the planner is asked about it. Inputs come without secret wrappers. */
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
  /** What the service would add to the inputs. Wrap secrets. Leave out what nobody can know yet. */
  readonly outputs: Properties;
}

/** What an offline provider knows about its resources. Everything else is the same for all of them. */
export interface Planner {
  /** Name of the package, such as `gcp`. */
  readonly package: string;
  /** The typed SDK that the program uses, such as `@pulumi/gcp`. */
  readonly sdk: string;
  /** What is taken for granted in a preview, as sentences. */
  readonly assumptions: readonly string[];
  /**
   * Fills in what the real provider fills in before it checks: generated names.
   * `previous` holds the former inputs of the same resource, `unique` is a short random word.
   */
  complete(subject: Subject, previous: Properties | undefined, unique: string): Properties;
  /** `previous` holds the former inputs of the same resource. */
  check(subject: Subject, previous?: Properties): Failure[];
  /** Whether the service does not care about a change at this place. @default - it cares about all */
  ignores?(change: Change): boolean;
  /** Whether a change at this place needs a new resource. */
  replaces(type: string, change: Change, before: Properties, after: Properties): boolean;
  /** Whether the old resource has to go before the new one can come. */
  deleteFirst(type: string, before: Properties, after: Properties): boolean;
  /** `previous` holds the former outputs when this is an update; `preview` when nothing is applied. */
  create(
    subject: Subject,
    options: { preview: boolean; previous: Properties | undefined; unique: string },
  ): Creation;
  /** Names of inputs and outputs that are secret in the state whatever the program said. */
  secrets(type: string): readonly string[];
  /** Problems and replacements of the provider's own configuration. */
  checkConfig?(config: Properties): Failure[];
  replacesConfig?(change: Change, before: Properties, after: Properties): boolean;
}
