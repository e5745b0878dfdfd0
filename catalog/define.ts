import {
  JOB_KEYS,
  jobDefinition,
  missingValues,
  SERVICE_KEYS,
  serviceDefinition,
  serviceHandle,
  withValues,
  type ServiceOptions,
} from "./containers";
import { IMAGE_KEYS, imageDefinition, missingContexts } from "./images";
import { unknownOptions } from "./options";
import type { Target } from "./plan/types";
import type { Problem } from "./problems";
import { reference } from "./references";
import { routeDefinitions, routeMistakes } from "./routes";
import { secretWord } from "./secrets";
import {
  KAFKA_KEYS,
  kafkaHandle,
  NEO4J_KEYS,
  neo4jHandle,
  POSTGRES_KEYS,
  postgresHandle,
  REDIS_KEYS,
  redisHandle,
  storeDefinition,
  unknownTopicOptions,
  type KafkaOptions,
} from "./stores";
import type {
  DatastoreDefinition,
  ImageDefinition,
  JobDefinition,
  Probe,
  RouteDefinition,
  SecretDefinition,
  ServiceDefinition,
  SettingDefinition,
  SystemDefinition,
} from "./types";
import type { Duration } from "./values";
import { SETTING_KEYS, UPSTREAM_KEYS, type Vocabulary } from "./vocabulary";

export type { ImageHandle, JobHandle, JobOptions, ServiceHandle, ServiceOptions } from "./containers";
export type { ImageOptions } from "./images";
export { authority, environment, text } from "./references";
export type { RouteOptions } from "./routes";
export type { KeysHandle, KeysSecretOptions, SecretOptions, TlsHandle, TlsSecretOptions } from "./secrets";
export type * from "./stores";
export type * from "./vocabulary";

export interface SystemOptions {
  /** Where it can run. @default - on every target */
  readonly targets?: readonly Target[];
}

/**
 * Describes a system. The result is inert data: nothing is created here, and `checkSystem` finds every mistake at
 * once, so that a person sees all of them.
 */
export function system(
  name: string,
  describe: (words: Vocabulary) => void,
  options: SystemOptions = {},
): SystemDefinition {
  const images: ImageDefinition[] = [];
  const services: ServiceDefinition[] = [];
  const jobs: JobDefinition[] = [];
  const datastores: DatastoreDefinition[] = [];
  const secrets: SecretDefinition[] = [];
  const settings: SettingDefinition[] = [];
  const routes: RouteDefinition[] = [];
  const mistakes: Problem[] = [];

  describe({
    image(imageName, options) {
      mistakes.push(...unknownOptions(`images.${imageName}`, options, IMAGE_KEYS));
      mistakes.push(...missingContexts(imageName, options));
      images.push(imageDefinition(imageName, options));
      return { name: imageName };
    },
    upstream(imageName, imageReference, options) {
      mistakes.push(...unknownOptions(`images.${imageName}`, options, UPSTREAM_KEYS));
      const source = { kind: "upstream", reference: imageReference } as const;
      images.push({ name: imageName, source, user: options.user ?? 1000, runtime: options.runtime });
      return { name: imageName };
    },
    service<P extends string>(serviceName: string, options: ServiceOptions<P>) {
      mistakes.push(
        ...unknownOptions<ServiceOptions>(serviceName, options, SERVICE_KEYS),
        ...missingValues(serviceName, options),
      );
      services.push(serviceDefinition(serviceName, withValues(options)));
      return serviceHandle<P>(serviceName, options.ports);
    },
    job(jobName, options) {
      mistakes.push(...unknownOptions(jobName, options, JOB_KEYS), ...missingValues(jobName, options));
      jobs.push(jobDefinition(jobName, withValues(options)));
      return { name: jobName };
    },
    postgres(datastoreName, options = {}) {
      mistakes.push(...unknownOptions(datastoreName, options, POSTGRES_KEYS));
      datastores.push({
        ...storeDefinition("postgres", datastoreName, options),
        version: options.version ?? 17,
        database: options.database ?? name,
        extensions: options.extensions ?? [],
      });
      return postgresHandle(datastoreName);
    },
    redis(datastoreName, options = {}) {
      mistakes.push(...unknownOptions(datastoreName, options, REDIS_KEYS));
      datastores.push({
        ...storeDefinition("redis", datastoreName, options),
        version: options.version ?? 7,
        maxMemory: options.maxMemory ?? "256Mi",
        eviction: options.eviction ?? "noeviction",
        appendOnly: options.appendOnly ?? true,
      });
      return redisHandle(datastoreName);
    },
    kafka<T extends string>(datastoreName: string, options: KafkaOptions<T> = {}) {
      mistakes.push(
        ...unknownOptions<KafkaOptions>(datastoreName, options, KAFKA_KEYS),
        ...unknownTopicOptions(datastoreName, options.topics),
      );
      datastores.push({
        ...storeDefinition("kafka", datastoreName, options),
        version: options.version ?? "4.1.1",
        topics: options.topics ?? {},
      });
      return kafkaHandle<T>(datastoreName, options.topics);
    },
    neo4j(datastoreName, options = {}) {
      mistakes.push(...unknownOptions(datastoreName, options, NEO4J_KEYS));
      datastores.push({
        ...storeDefinition("neo4j", datastoreName, options),
        version: options.version ?? "5.26",
      });
      return neo4jHandle(datastoreName);
    },
    secret: secretWord(secrets, mistakes),
    setting(settingName, defaultValue, options = {}) {
      mistakes.push(...unknownOptions(`settings.${settingName}`, options, SETTING_KEYS));
      const { oneOf } = options;
      settings.push({ name: settingName, default: defaultValue, ...(oneOf && { oneOf }) });
      return reference({ ref: "setting", setting: settingName });
    },
    route(path, to, options = {}) {
      mistakes.push(...routeMistakes(path, to, options));
      routes.push(...routeDefinitions(path, to, options));
    },
  });
  const mistaken = mistakes.length > 0 ? { mistakes } : {};
  const limited = options.targets ? { targets: options.targets } : {};
  return { name, ...limited, images, services, jobs, datastores, secrets, settings, routes, ...mistaken };
}

interface ProbeOptions {
  /** Name of the port. @default - the service's first port */
  port?: string;
  interval?: Duration;
  timeout?: Duration;
  failures?: number;
}

const PROBE = { interval: "10s", timeout: "3s", failures: 3 } as const;

/** Healthy when a GET of the path answers 200 to 399. */
export function http(path: string, { port, ...options }: ProbeOptions = {}): Probe {
  return { ...PROBE, ...options, check: { kind: "http", path, ...(port && { port }) } };
}

/**
 * Healthy when the port takes a connection. As `live` beside a `ready` that wants an answer: what has too much to do
 * gets no more traffic, and is not restarted for it.
 */
export function tcp({ port, ...options }: ProbeOptions = {}): Probe {
  return { ...PROBE, ...options, check: { kind: "tcp", ...(port && { port }) } };
}

/** Healthy when the command ends with 0. Runs without a shell. */
export function exec(command: string[], options: Omit<ProbeOptions, "port"> = {}): Probe {
  return { ...PROBE, ...options, check: { kind: "exec", command } };
}
