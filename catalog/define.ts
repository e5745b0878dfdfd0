import { unknownOptions, type Keys } from "./options";
import type { Problem } from "./problems";
import {
  reference,
  type DatastoreProperty,
  type DatastoreReference,
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
  PostgresDefinition,
  PostgresExtension,
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
import type { Duration, Quantity } from "./values";

export { text } from "./references";

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

/** What a PostgreSQL database offers to its clients. */
export interface PostgresHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** Secret. For services: may read and write rows, may not change the schema. */
  readonly url: DatastoreReference;
  /** Secret. For migrations: may become the owner of the schema (`SET ROLE` to `ownerRole`). */
  readonly ownerUrl: DatastoreReference;
  /** The role that owns the schema. */
  readonly ownerRole: DatastoreReference;
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

export interface PostgresOptions {
  /** Major version. @default 17 */
  version?: 17;
  /** Name of the database. @default - the system's name */
  database?: string;
  /** Disk. @default "10Gi" */
  storage?: Quantity;
  /** Extensions to create in the database. @default [] */
  extensions?: PostgresExtension[];
  /** Where it runs as a container. @default cpu 250m to 1, memory 256Mi to 1Gi */
  resources?: Resources;
  /** What single environments change. @default {} */
  environments?: PostgresDefinition["environments"];
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

const POSTGRES_RESOURCES: Resources = { cpu: ["250m", "1"], memory: ["256Mi", "1Gi"] };

const IMAGE_KEYS: Keys<ImageOptions> = {
  context: true,
  dockerfile: true,
  target: true,
  user: true,
  runtime: true,
};
const UPSTREAM_KEYS: Keys<UpstreamOptions> = { user: true, runtime: true };
const CONTAINER_KEYS: Keys<ContainerOptions> = {
  image: true,
  command: true,
  env: true,
  after: true,
  resources: true,
  egress: true,
  writable: true,
  volumes: true,
  exceptions: true,
  environments: true,
};
const SERVICE_KEYS: Keys<ServiceOptions> = {
  ...CONTAINER_KEYS,
  ports: true,
  live: true,
  ready: true,
  startup: true,
  grace: true,
  replicas: true,
  scale: true,
  metrics: true,
  develop: true,
};
const JOB_KEYS: Keys<JobOptions> = { ...CONTAINER_KEYS, timeout: true };
const POSTGRES_KEYS: Keys<PostgresOptions> = {
  version: true,
  database: true,
  storage: true,
  extensions: true,
  resources: true,
  environments: true,
};
const SECRET_KEYS: Keys<SecretOptions> = { from: true, length: true, optionalIn: true };
const SETTING_KEYS: Keys<SettingOptions> = { oneOf: true };

/**
 * Describes a system. The result is inert data: nothing is created here, and `checkSystem` finds every mistake at
 * once, so that a person sees all of them.
 */
export function system(name: string, describe: (words: Vocabulary) => void): SystemDefinition {
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
      const { context, dockerfile = "Dockerfile", target, user = 1000, runtime } = options;
      const source = { kind: "build", context, dockerfile, ...(target && { target }) } as const;
      images.push({ name: imageName, source, user, runtime });
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
      const { timeout = "10m" } = options;
      jobs.push({ ...containerDefinition(jobName, withValues(options)), timeout });
      return { name: jobName };
    },
    postgres(datastoreName, options = {}) {
      mistakes.push(...unknownOptions(datastoreName, options, POSTGRES_KEYS));
      datastores.push({
        kind: "postgres",
        name: datastoreName,
        version: options.version ?? 17,
        database: options.database ?? name,
        storage: options.storage ?? "10Gi",
        extensions: options.extensions ?? [],
        resources: options.resources ?? POSTGRES_RESOURCES,
        environments: options.environments ?? {},
      });
      return postgresHandle(datastoreName);
    },
    secret(secretName, options = {}) {
      mistakes.push(...unknownOptions(`secrets.${secretName}`, options, SECRET_KEYS));
      const { from = "config", length = 32, optionalIn = [] } = options;
      secrets.push({ name: secretName, from, length, optionalIn });
      return reference({ ref: "secret", secret: secretName });
    },
    setting(settingName, defaultValue, options = {}) {
      mistakes.push(...unknownOptions(`settings.${settingName}`, options, SETTING_KEYS));
      const { oneOf } = options;
      settings.push({ name: settingName, default: defaultValue, ...(oneOf && { oneOf }) });
      return reference({ ref: "setting", setting: settingName });
    },
    route(path, to) {
      if (isPresent(to)) {
        routes.push({ path, to });
      } else {
        mistakes.push(absent(`routes.${path}`, "a port of a service, such as api.http"));
      }
    },
  });
  const mistaken = mistakes.length > 0 ? { mistakes } : {};
  return { name, images, services, jobs, datastores, secrets, settings, routes, ...mistaken };
}

/** `api.web` of a service without a port `web` is undefined: typed as an error, but types are not always checked. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function absent(path: string, expected: string): Problem {
  return {
    path,
    message: `expected ${expected}, got nothing`,
    fix: "is the name that it comes from spelt right?",
  };
}

/** Values that the types ask for and that are not there. */
function missingValues(name: string, options: ContainerOptions): Problem[] {
  const { image, resources, env = {}, after = [] } = options as Partial<ContainerOptions>;
  const nameless = (handle: unknown) =>
    !isPresent(handle) || typeof (handle as { name?: unknown }).name !== "string";
  return [
    ...(nameless(image) ? [absent(`${name}.image`, "an image of this system")] : []),
    ...(isPresent(resources?.cpu) && isPresent(resources?.memory)
      ? []
      : [
          absent(
            `${name}.resources`,
            'cpu and memory as [request, limit], such as { cpu: ["100m", "1"], … }',
          ),
        ]),
    ...Object.entries(env)
      .filter(([, value]) => !isPresent(value))
      .map(([variable]) => absent(`${name}.env.${variable}`, "text or a reference")),
    ...after.filter(nameless).map((handle) => ({
      path: `${name}.after`,
      message: `expected the value of a job or service, got ${JSON.stringify(handle) || "nothing"}`,
      fix: "write the value without quotes",
    })),
  ];
}

/** The options without what `missingValues` has complained about, so that the other checks can go on. */
function withValues<T extends ContainerOptions>(options: T): T {
  const { image, resources, env = {}, after = [] } = options as Partial<ContainerOptions>;
  return {
    ...options,
    image: image ?? { name: "" },
    resources: { ...POSTGRES_RESOURCES, ...resources },
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => isPresent(value))),
    after: after.filter((handle) => typeof (handle as { name?: unknown } | undefined)?.name === "string"),
  };
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

function postgresHandle(name: string): PostgresHandle {
  const property = (of: DatastoreProperty, role: DatastoreReference["role"] = "app") =>
    reference({ ref: "datastore", datastore: name, property: of, role });
  return {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url"),
    ownerUrl: property("url", "migrate"),
    ownerRole: property("ownerRole", "migrate"),
  };
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
