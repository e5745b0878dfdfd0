import {
  reference,
  type EndpointReference,
  type SecretReference,
  type SettingReference,
  type Value,
} from "./references";
import type {
  Develop,
  ImageDefinition,
  JobDefinition,
  Overlay,
  Probe,
  Resources,
  RouteDefinition,
  Runtime,
  SecretDefinition,
  SecurityException,
  ServiceDefinition,
  SettingDefinition,
  SettingValue,
  SystemDefinition,
  Environment,
  Scale,
  VolumeMount,
  DatastoreDefinition,
} from "./types";
import {
  kafkaHandle,
  neo4jHandle,
  postgresHandle,
  redisHandle,
  storeDefinition,
  type KafkaHandle,
  type KafkaOptions,
  type Neo4jHandle,
  type Neo4jOptions,
  type PostgresHandle,
  type PostgresOptions,
  type RedisHandle,
  type RedisOptions,
} from "./stores";
import type { Duration } from "./values";

export type * from "./stores";

/** A service as others refer to it: `backend.http` is the address of its port `http`. */
export type ServiceHandle<P extends string = string> = { readonly name: string } & Readonly<
  Record<Exclude<P, "name">, EndpointReference>
>;

/** A job, to be put into `after`. */
export interface JobHandle {
  readonly name: string;
}

/** An image of this system, to be used by its services and jobs. */
export interface ImageHandle {
  readonly name: string;
}

export interface ImageOptions {
  /** Folder below the repository's root with the Dockerfile and all that it copies. */
  context: string;
  /** @default "Dockerfile" */
  dockerfile?: string;
  /** Stage to build. @default - the last one */
  target?: string;
  /** Numeric user that the container runs as. @default 1000 */
  user?: number;
  /** What in the image can ask a HTTP endpoint, for health checks inside the container. */
  runtime: Runtime;
}

interface ContainerOptions {
  image: ImageHandle;
  /** Replaces the image's command. @default - the image's own */
  command?: Value[];
  /** A secret value arrives as a file: the container gets `NAME_FILE` with its path. @default {} */
  env?: Record<string, Value>;
  /** What must have completed or be ready first, beyond what `env` refers to. @default [] */
  after?: { name: string }[];
  resources: Resources;
  /** Hosts outside the deployment that may be reached, as `host:port`. @default [] */
  egress?: string[];
  /** Paths that can be written to, in memory. @default ["/tmp"] */
  writable?: string[];
  /** @default [] */
  volumes?: VolumeMount[];
  /** What this container may do that is denied by default, each with its reason. @default [] */
  exceptions?: SecurityException[];
  /** What single environments change. @default {} */
  environments?: Partial<Record<Environment, Overlay>>;
}

export interface ServiceOptions<P extends string = string> extends ContainerOptions {
  /** Name and number of each port. @default {} */
  ports?: Record<P, number>;
  /** Whether the process lives. Never looks at dependencies. @default - none */
  live?: Probe;
  /** Whether it can serve. Looks at dependencies. @default - the same as `live` */
  ready?: Probe;
  /** Time that the first start may take. @default "60s" */
  startup?: Duration;
  /** Time from SIGTERM to SIGKILL. @default "30s" */
  grace?: Duration;
  /** A fixed number. @default 1, unless `scale` is given */
  replicas?: number;
  /** A range that follows the load. @default - fixed */
  scale?: Scale;
  /** Port and path of Prometheus metrics. @default - none */
  metrics?: { port: string; path: string };
  develop?: Omit<Develop, "target"> & { target?: string };
}

export interface JobOptions extends ContainerOptions {
  /** Longest time the job may take. @default "10m" */
  timeout?: Duration;
}

export interface SecretOptions {
  /** `config`: a person sets it. `generated`: made once. @default "config" */
  from?: "config" | "generated";
  /** Characters of a generated value. @default 32 */
  length?: number;
  /** Environments that work without it. @default [] */
  optionalIn?: Environment[];
}

/** The words in which a system is described. Each returns a value that others refer to. */
export interface Vocabulary {
  readonly image: (name: string, options: ImageOptions) => ImageHandle;
  /** An image that someone else publishes, as `repository:tag`. */
  readonly upstream: (name: string, reference: string, options: UpstreamOptions) => ImageHandle;
  readonly service: <P extends string = never>(name: string, options: ServiceOptions<P>) => ServiceHandle<P>;
  /** Runs to its end once per release, before whatever comes `after` it. */
  readonly job: (name: string, options: JobOptions) => JobHandle;
  readonly postgres: (name: string, options?: PostgresOptions) => PostgresHandle;
  readonly redis: (name: string, options?: RedisOptions) => RedisHandle;
  readonly kafka: <T extends string = never>(name: string, options?: KafkaOptions<T>) => KafkaHandle<T>;
  readonly neo4j: (name: string, options?: Neo4jOptions) => Neo4jHandle;
  readonly secret: (name: string, options?: SecretOptions) => SecretReference;
  /** A value that an operator may set per environment; the default's type is its type. */
  readonly setting: (name: string, defaultValue: SettingValue, options?: SettingOptions) => SettingReference;
  /** Sends requests under a path prefix of the system's address to an endpoint. */
  readonly route: (path: string, to: EndpointReference) => void;
}

export interface UpstreamOptions {
  /** Numeric user that the container runs as. @default 1000 */
  user?: number;
  /** What in the image can ask a HTTP endpoint, for health checks inside the container. */
  runtime: Runtime;
}

export interface SettingOptions {
  /** The only values allowed. @default - any of the default's type */
  oneOf?: SettingValue[];
}

/**
 * Describes a system. The result is inert data: nothing is checked here and nothing is created;
 * `checkSystem` finds every mistake at once, so that a person sees all of them.
 */
export function system(name: string, describe: (words: Vocabulary) => void): SystemDefinition {
  const images: ImageDefinition[] = [];
  const services: ServiceDefinition[] = [];
  const jobs: JobDefinition[] = [];
  const datastores: DatastoreDefinition[] = [];
  const secrets: SecretDefinition[] = [];
  const settings: SettingDefinition[] = [];
  const routes: RouteDefinition[] = [];

  describe({
    image(imageName, { context, dockerfile = "Dockerfile", target, user = 1000, runtime }) {
      const source = { kind: "build", context, dockerfile, ...(target && { target }) } as const;
      images.push({ name: imageName, source, user, runtime });
      return { name: imageName };
    },
    upstream(imageName, imageReference, { user = 1000, runtime }) {
      const source = { kind: "upstream", reference: imageReference } as const;
      images.push({ name: imageName, source, user, runtime });
      return { name: imageName };
    },
    service<P extends string>(serviceName: string, options: ServiceOptions<P>) {
      services.push(serviceDefinition(serviceName, options));
      return serviceHandle<P>(serviceName, options.ports);
    },
    job(jobName, options) {
      jobs.push({ ...containerDefinition(jobName, options), timeout: options.timeout ?? "10m" });
      return { name: jobName };
    },
    postgres(datastoreName, options = {}) {
      datastores.push({
        ...storeDefinition("postgres", datastoreName, options),
        version: options.version ?? 17,
        database: options.database ?? name,
        extensions: options.extensions ?? [],
      });
      return postgresHandle(datastoreName);
    },
    redis(datastoreName, options = {}) {
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
      datastores.push({
        ...storeDefinition("kafka", datastoreName, options),
        version: options.version ?? "4.1.1",
        topics: options.topics ?? {},
      });
      return kafkaHandle<T>(datastoreName, options.topics);
    },
    neo4j(datastoreName, options = {}) {
      datastores.push({
        ...storeDefinition("neo4j", datastoreName, options),
        version: options.version ?? "5.26",
      });
      return neo4jHandle(datastoreName);
    },
    secret(secretName, { from = "config", length = 32, optionalIn = [] } = {}) {
      secrets.push({ name: secretName, from, length, optionalIn });
      return reference({ ref: "secret", secret: secretName });
    },
    setting(settingName, defaultValue, { oneOf } = {}) {
      settings.push({ name: settingName, default: defaultValue, ...(oneOf && { oneOf }) });
      return reference({ ref: "setting", setting: settingName });
    },
    route(path, to) {
      routes.push({ path, to });
    },
  });
  return { name, images, services, jobs, datastores, secrets, settings, routes };
}

function serviceDefinition(name: string, options: ServiceOptions): ServiceDefinition {
  const { live, ready, replicas, scale, metrics, develop } = options;
  return {
    ...containerDefinition(name, options),
    ports: options.ports ?? {},
    startup: options.startup ?? "60s",
    grace: options.grace ?? "30s",
    ...(live && { live }),
    ...(ready && { ready }),
    ...(replicas !== undefined && { replicas }),
    ...(scale && { scale }),
    ...(metrics && { metrics }),
    ...(develop && { develop: { ...develop, target: develop.target ?? "development" } }),
  };
}

function containerDefinition(name: string, options: ContainerOptions) {
  return {
    name,
    image: options.image.name,
    env: options.env ?? {},
    after: (options.after ?? []).map((dependency) => dependency.name),
    resources: options.resources,
    egress: options.egress ?? [],
    writable: options.writable ?? ["/tmp"],
    volumes: options.volumes ?? [],
    exceptions: options.exceptions ?? [],
    environments: options.environments ?? {},
    ...(options.command && { command: options.command }),
  };
}

function serviceHandle<P extends string>(name: string, ports: Record<P, number> | undefined) {
  const endpoints = Object.keys(ports ?? {}).map((port) => [
    port,
    reference({ ref: "endpoint", service: name, port, form: "url" }),
  ]);
  return { ...Object.fromEntries(endpoints), name } as ServiceHandle<P>;
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

/** Healthy when the command ends with 0. Runs without a shell. */
export function exec(command: string[], options: Omit<ProbeOptions, "port"> = {}): Probe {
  return { ...PROBE, ...options, check: { kind: "exec", command } };
}
