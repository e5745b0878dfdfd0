import type { Keys } from "./options";
import type { Problem } from "./problems";
import { reference, type EndpointReference, type Value } from "./references";
import { RESOURCES } from "./stores";
import type {
  Develop,
  Environment,
  FileContent,
  JobDefinition,
  Overlay,
  Probe,
  Resources,
  Scale,
  SecurityException,
  ServiceDefinition,
  SharedNetwork,
  VolumeMount,
} from "./types";
import type { Duration } from "./values";

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
  /** Configuration files by absolute path. @default {} */
  files?: Record<string, FileContent>;
  /** What this container may do that is denied by default, each with its reason. @default [] */
  exceptions?: SecurityException[];
  /**
   * Labels that a node of a cluster must have for this to run on it. Of a service that names devices and gets none,
   * they do not count. @default {}
   */
  nodes?: Record<string, string>;
  /** What single environments change. @default {} */
  environments?: Partial<Record<Environment, Overlay>>;
  /** The environments that have it; what refers to it is in no other either. @default - all */
  only?: Environment[];
  /**
   * Started only when it is asked for, on one machine: `longshore up --profile dev-tools`. Clusters leave it out.
   * @default - always started
   */
  profile?: string;
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
  /**
   * Port on this machine's loopback address that leads to its first port, for tools that a person opens in a
   * browser. Only with `profile`. The catalog's second system has a port that is ten higher, and so on.
   * @default - reached over routes only
   */
  publish?: number;
  /**
   * What it runs instead of `image` where it gets a GPU: `gpu` of an environment, or of the stack's settings.
   * @default - the same image
   */
  gpuImage?: ImageHandle;
  /** On a person's machine left out, with a line that says so, where its image cannot be had. @default false */
  dispensable?: boolean;
  /** Networks that it shares with other systems (target compose). @default [] */
  shares?: SharedNetwork[];
}

export interface JobOptions extends ContainerOptions {
  /** Longest time the job may take. @default "10m" */
  timeout?: Duration;
}

const CONTAINER_KEYS: Keys<ContainerOptions> = {
  image: true,
  command: true,
  env: true,
  after: true,
  resources: true,
  egress: true,
  writable: true,
  volumes: true,
  files: true,
  exceptions: true,
  nodes: true,
  environments: true,
  only: true,
  profile: true,
};
export const SERVICE_KEYS: Keys<ServiceOptions> = {
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
  publish: true,
  gpuImage: true,
  shares: true,
  dispensable: true,
};
export const JOB_KEYS: Keys<JobOptions> = { ...CONTAINER_KEYS, timeout: true };

/** `api.web` of a service without a port `web` is undefined: typed as an error, but types are not always checked. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function absent(path: string, expected: string): Problem {
  return {
    path,
    message: `expected ${expected}, got nothing`,
    fix: "is the name that it comes from spelt right?",
  };
}

/** Values that the types ask for and that are not there. */
export function missingValues(name: string, options: ContainerOptions): Problem[] {
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
export function withValues<T extends ContainerOptions>(options: T): T {
  const { image, resources, env = {}, after = [] } = options as Partial<ContainerOptions>;
  return {
    ...options,
    image: image ?? { name: "" },
    resources: { ...RESOURCES.postgres, ...resources },
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => isPresent(value))),
    after: after.filter((handle) => typeof (handle as { name?: unknown } | undefined)?.name === "string"),
  };
}

export function serviceDefinition(name: string, options: ServiceOptions): ServiceDefinition {
  const { live, ready, replicas, scale, metrics, develop, publish, shares, gpuImage, dispensable } = options;
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
    ...(shares && { shares }),
    ...(dispensable && { dispensable }),
    ...(develop && { develop: { ...develop, target: develop.target ?? "development" } }),
    ...(publish !== undefined && { publish }),
    ...(gpuImage && { gpuImage: gpuImage.name }),
  };
}

export function jobDefinition(name: string, options: JobOptions): JobDefinition {
  return { ...containerDefinition(name, options), timeout: options.timeout ?? "10m" };
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
    files: options.files ?? {},
    exceptions: options.exceptions ?? [],
    ...(options.nodes && { nodes: options.nodes }),
    environments: options.environments ?? {},
    ...(options.command && { command: options.command }),
    ...(options.only && { only: options.only }),
    ...(options.profile !== undefined && { profile: options.profile }),
  };
}

export function serviceHandle<P extends string>(name: string, ports: Record<P, number> | undefined) {
  const endpoints = Object.keys(ports ?? {}).map((port) => [
    port,
    reference({ ref: "endpoint", service: name, port, form: "url" }),
  ]);
  return { ...Object.fromEntries(endpoints), name } as ServiceHandle<P>;
}
