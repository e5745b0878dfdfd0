import type { z } from "zod";
import { serviceHandle } from "./containers";
import { handle } from "./handles";
import { imageDefinition } from "./images";
import type { Problem } from "../base/problems";
import { describe, INTERPOLATION_FIX, interpolationMessage, reference, type Reference } from "./references";
import { jobOptions, serviceOptions } from "./schema/container";
import { kafkaOptions, neo4jOptions, postgresOptions, redisOptions } from "./schema/datastores";
import { imageOptions, upstreamOptions } from "./schema/image";
import { readOptions } from "./schema/read";
import { routeOptions } from "./schema/route";
import { secretOptions } from "./schema/secret";
import { settingOptions, settingValue } from "./schema/setting";
import { show } from "./schema/show";
import { endpoint } from "./schema/values";
import { secretWord, type SecretOptions } from "./secrets";
import { formatPlace, placeOfCall, Statements } from "./statements";
import { kafkaHandle, neo4jHandle, postgresHandle, redisHandle, RESOURCES } from "./stores";
import {
  MISSING_IMAGE,
  type DatastoreDefinition,
  type Engine,
  type ImageDefinition,
  type JobDefinition,
  type RouteDefinition,
  type SecretDefinition,
  type ServiceDefinition,
  type SettingDefinition,
  type SettingValue,
} from "./types";
import type { Vocabulary } from "./vocabulary";

const CONTAINER = { image: { name: MISSING_IMAGE }, resources: RESOURCES.postgres };
/** First of the distinct port numbers that replace invalid ones. */
const FIRST_PLACEHOLDER_PORT = 60_000;

/**
 * Returns values that replace invalid options of a service or job. An invalid port keeps its name, so that references
 * to it stay valid.
 */
function containerPlaceholders() {
  let ports = FIRST_PLACEHOLDER_PORT;
  return ([first, ...rest]: readonly PropertyKey[]): unknown => {
    if (first === undefined) {
      return CONTAINER;
    }
    if (first === "ports" && rest.length === 1) {
      ports += 1;
      return ports;
    }
    return rest.length === 0 ? CONTAINER[first as keyof typeof CONTAINER] : undefined;
  };
}

/** Returns values that replace required options of the other statements. */
function placeholders(values: Readonly<Record<string, unknown>>) {
  return ([first, ...rest]: readonly PropertyKey[]): unknown =>
    first === undefined ? values : rest.length === 0 ? values[String(first)] : undefined;
}

type Word = (...args: never[]) => unknown;

/**
 * Collects the definitions of a system description and the problems in them. It never throws for an invalid
 * description.
 */
export class SystemBuilder {
  readonly images: ImageDefinition[] = [];
  readonly services: ServiceDefinition[] = [];
  readonly jobs: JobDefinition[] = [];
  readonly datastores: DatastoreDefinition[] = [];
  readonly secrets: SecretDefinition[] = [];
  readonly settings: SettingDefinition[] = [];
  readonly routes: RouteDefinition[] = [];
  readonly problems: Problem[] = [];
  readonly statements = new Statements();
  private readonly interpolated: Problem[] = [];

  constructor(private readonly system: string) {}

  /** Records a reference that was put into a string, and the call site. */
  noteInterpolation(value: Reference, convert: Word): void {
    const at = formatPlace(placeOfCall(convert));
    const message = interpolationMessage(describe(value));
    this.interpolated.push({ path: "", message, fix: INTERPOLATION_FIX, ...(at !== undefined && { at }) });
  }

  /**
   * Adds the problems of strings that contain a reference and reached no option. The other ones are already reported
   * with their path.
   */
  finish(): void {
    const reported = new Set(this.problems.map(({ message }) => message));
    this.problems.push(...this.interpolated.filter(({ message }) => !reported.has(message)));
  }

  /** Returns the catalog's vocabulary, bound to this builder. */
  words(): Vocabulary {
    const read = this.read.bind(this);
    const words: Vocabulary = {
      image: (name, given) => {
        this.described("image", name, words.image, "images.", () => {
          const options = read(imageOptions, `images.${name}`, given, placeholders({ context: "." }));
          this.images.push(imageDefinition(name, options));
        });
        return handle("image", { name });
      },
      upstream: (name, published, given) => {
        this.described("upstream", name, words.upstream, "images.", () => {
          const options = read(upstreamOptions, `images.${name}`, given, placeholders({ runtime: "none" }));
          const isText = typeof published === "string";
          if (!isText) {
            this.expected(`images.${name}.reference`, "repository:tag", published);
          }
          const source = { kind: "upstream", reference: isText ? published : "missing:0" } as const;
          this.images.push({ name, source, ...options });
        });
        return handle("image", { name });
      },
      service: (name, given) => {
        const { ports } = this.described("service", name, words.service, "", () => {
          const options = read(serviceOptions, name, given, containerPlaceholders());
          this.services.push({ name, ...options });
          return options;
        }) ?? { ports: {} };
        return serviceHandle(name, ports);
      },
      job: (name, given) => {
        this.described("job", name, words.job, "", () => {
          this.jobs.push({ name, ...read(jobOptions, name, given, containerPlaceholders()) });
        });
        return handle("job", { name });
      },
      postgres: (name, given = {}) => {
        this.described("postgres", name, words.postgres, "", () => {
          const options = read(postgresOptions, name, given);
          this.datastores.push({ database: this.system, ...withResources("postgres", name, options) });
        });
        return postgresHandle(name);
      },
      redis: (name, given = {}) => {
        this.described("redis", name, words.redis, "", () => {
          this.datastores.push(withResources("redis", name, read(redisOptions, name, given)));
        });
        return redisHandle(name);
      },
      kafka: (name, given = {}) => {
        const options = this.described("kafka", name, words.kafka, "", () => {
          const complete = read(kafkaOptions, name, given);
          this.datastores.push(withResources("kafka", name, complete));
          return complete;
        });
        return kafkaHandle(name, options?.topics ?? {});
      },
      neo4j: (name, given = {}) => {
        this.described("neo4j", name, words.neo4j, "", () => {
          this.datastores.push(withResources("neo4j", name, read(neo4jOptions, name, given)));
        });
        return neo4jHandle(name);
      },
      secret: ((name: string, given: SecretOptions = {}) => {
        const options = this.described("secret", name, words.secret, "secrets.", () =>
          read(secretOptions(given), `secrets.${name}`, given),
        );
        const kept = options === undefined ? [] : this.secrets;
        return secretWord(kept, this.problems)(asText(name), (options ?? {}) as SecretOptions);
      }) as Vocabulary["secret"],
      setting: (name, defaultValue, given = {}) => {
        this.described("setting", name, words.setting, "settings.", () => {
          const options = read(settingOptions, `settings.${name}`, given);
          this.settings.push(this.settingDefinition(name, defaultValue, options));
        });
        return reference({ ref: "setting", setting: asText(name) });
      },
      route: (path, to, given = {}) => {
        this.described("route", path, words.route, "routes.", () => {
          const options = read(routeOptions, `routes.${path}`, given);
          const target = endpoint.safeParse(to);
          if (target.success) {
            this.routes.push({ path, to: target.data, ...options });
            return;
          }
          for (const issue of target.error.issues) {
            const fix: unknown = issue.code === "custom" ? issue.params?.["fix"] : undefined;
            const got = issue.message.startsWith("expected ") ? `, got ${show(to)}` : "";
            this.problems.push({
              path: `routes.${path}`,
              message: issue.message + got,
              ...(typeof fix === "string" && { fix }),
            });
          }
        });
      },
    };
    return words;
  }

  /** Runs the work of a statement if its name is a string. */
  private described<T>(
    word: string,
    name: unknown,
    call: Word,
    prefix: string,
    work: () => T,
  ): T | undefined {
    if (typeof name !== "string") {
      this.statements.note(word, call);
      this.expected(word, word === "route" ? "a path" : `the name of the ${word} as text`, name);
      return undefined;
    }
    this.statements.note(prefix + name, call);
    return work();
  }

  private read<S extends z.ZodType>(
    schema: S,
    path: string,
    given: unknown,
    placeholder?: ReturnType<typeof placeholders>,
  ): z.output<S> {
    const { options, problems } = readOptions(schema, path, given, placeholder);
    this.problems.push(...problems);
    return options;
  }

  private expected(path: string, what: string, got: unknown): void {
    this.problems.push({ path, message: `expected ${what}, got ${show(got)}` });
  }

  private settingDefinition(
    name: string,
    given: SettingValue | undefined,
    { type, ...options }: z.output<typeof settingOptions>,
  ): SettingDefinition {
    const isValue = given === undefined || settingValue.safeParse(given).success;
    if (!isValue) {
      this.expected(`settings.${name}`, "a default that is text, a number, true or false", given);
    }
    const value = isValue ? given : undefined;
    const example = value ?? options.oneOf?.[0];
    const implied =
      typeof example === "number" ? "number" : typeof example === "boolean" ? "boolean" : "text";
    // An invalid default becomes a placeholder: otherwise the setting would also be reported as missing in the
    // stack.
    const kept =
      given !== undefined && !isValue ? { default: "" } : value !== undefined && { default: value };
    return { name, type: example === undefined ? (type ?? "text") : implied, ...kept, ...options };
  }
}

/** Returns a name as references store it. Names that are not strings are reported at their statement. */
function asText(name: unknown): string {
  return typeof name === "string" ? name : "";
}

function withResources<K extends Engine, O extends { resources?: unknown }>(
  kind: K,
  name: string,
  options: O,
) {
  return { resources: RESOURCES[kind], ...options, kind, name } as O & {
    kind: K;
    name: string;
    resources: (typeof RESOURCES)[K];
  };
}
