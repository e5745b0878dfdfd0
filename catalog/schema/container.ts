import { z } from "zod";
import { ENVIRONMENTS, type Environment } from "../choices";
import type { Handle } from "../handles";
import {
  absolutePath,
  cpu,
  duration,
  list,
  named,
  oneOf,
  options,
  port,
  quantity,
  text,
  textLike,
  truth,
  wholeNumber,
} from "./basics";
import { probe } from "./probe";
import { handleOf, secretReference, value } from "./values";
import type { Value } from "../references";

const HOST_PORT = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?:(\d{1,5})$/;
/** Maximum length of an exception's reason, which becomes an annotation. */
const LONGEST_REASON = 1000;

const PAIR = "[request, limit]";
/**
 * Schema of a request and a limit. The type of an option also accepts a list of text, as TypeScript infers it for
 * resources that several services share; its length and its amounts are checked when the system is read.
 */
const pair = <T extends string>(amount: z.ZodType<T, T>, example: string) =>
  z
    .tuple([amount, amount], { error: `expected ${PAIR} such as ${example}` })
    .readonly() as unknown as z.ZodType<readonly [T, T], readonly [T, T] | readonly string[]>;

/** Resource requests and limits. */
export const resources = options(
  { cpu: pair(cpu, '["100m", "1"]'), memory: pair(quantity, '["128Mi", "256Mi"]') },
  'cpu and memory as [request, limit], such as { cpu: ["100m", "1"], … }',
);

/** Bounds and targets of the autoscaler. */
export const scale = options(
  {
    min: wholeNumber(1, 1000),
    max: wholeNumber(1, 1000),
    /** Target average CPU utilization, in percent of the request. */
    cpu: wholeNumber(1, 100, "1-100 percent").exactOptional(),
    /** Target average memory utilization, in percent of the request. */
    memory: wholeNumber(1, 100, "1-100 percent").exactOptional(),
  },
  "a range such as { min: 2, max: 6, cpu: 70 }",
);

export const volumeMount = options(
  {
    volume: textLike("a name", (name) => name !== ""),
    path: absolutePath,
    size: quantity,
    /**
     * Confirms that other services intentionally have a volume of the same name, and that each has its own disk.
     * @default false: the same name in two services is rejected
     */
    private: truth.exactOptional(),
  },
  'a volume such as { volume: "data", path: "/data", size: "10Gi" }',
);

const reason = textLike(`a reason of 1 to ${LONGEST_REASON} characters`, (given) => {
  return given.trim() !== "" && given.length <= LONGEST_REASON;
});

const plainException = options({
  /**
   * `engine-socket`: mounts the Docker socket, which is root-equivalent on the host. Target compose only.
   * `writable-root`: on a cluster the container may write 2 GiB to its root file system, in addition to its log.
   */
  allow: z.enum(["writable-root", "net-bind-service", "engine-socket"]),
  reason,
});

/** Access to host devices without a privileged container. */
const deviceException = options({
  allow: z.literal("device"),
  /** The USB bus or one serial port: `/dev/bus/usb`, `/dev/ttyUSB0`, `/dev/ttyACM0`. */
  path: text,
  /** Numeric host groups that may open the device. On Debian, 20 is dialout and 46 is plugdev. @default [] */
  groups: list(wholeNumber(1, 65_535, "a numeric group, 1-65535 and not root's")).exactOptional(),
  reason,
});

/** A permission that is denied by default, and the reason for granting it. */
export const securityException = z.discriminatedUnion("allow", [plainException, deviceException], {
  error: "expected writable-root, net-bind-service, engine-socket or device",
});

/** Overrides for one environment. All other options stay as described. */
export const overlay = options({
  env: named(value).exactOptional(),
  replicas: wholeNumber(0, 1000).exactOptional(),
  scale: scale.exactOptional(),
  resources: resources.exactOptional(),
  /** NVIDIA GPUs of each container. @default 0 */
  gpu: wholeNumber(0, 16).exactOptional(),
});

const overlays = options(
  Object.fromEntries(ENVIRONMENTS.map((name) => [name, overlay.exactOptional()])) as Record<
    Environment,
    z.ZodExactOptional<typeof overlay>
  >,
);

/** A text that depends on whether an optional secret is set. */
const choice = options({ whenSet: secretReference, then: value, otherwise: value });

/**
 * Text of a configuration file. It may contain settings and addresses but no secrets, which are delivered as separate
 * files.
 */
export type FileContent = Value | z.output<typeof choice>;

const fileContent = z.custom<FileContent>().superRefine((given: unknown, context) => {
  const isChoice = typeof given === "object" && given !== null && "whenSet" in given;
  const result = (isChoice ? choice : value).safeParse(given);
  for (const issue of result.error?.issues ?? []) {
    context.addIssue({ ...issue, code: "custom" });
  }
});

const name = (handle: Handle): string => handle.name;

export const containerShape = {
  image: handleOf(["image"], "an image of this system").transform(name),
  /** Replaces the image's command. @default - the image's own */
  command: list(value).exactOptional(),
  /** Environment variables. A secret value is delivered as a file, and `NAME_FILE` holds its path. @default {} */
  env: named(value).default({}),
  /**
   * Jobs that must have completed and services that must be ready first, in addition to those that `env` refers to.
   * @default []
   */
  after: list(handleOf(["service", "job"], "the value of a job or service").transform(name)).default([]),
  resources,
  /** External hosts that the container may reach, as `host:port`. @default [] */
  egress: list(
    textLike("host:port such as api.example.com:443", (destination) => {
      const number = Number(HOST_PORT.exec(destination)?.[2]);
      return number >= 1 && number <= 65_535 && destination.length <= 259;
    }),
  ).default([]),
  /** Writable paths, in memory, lost on restart. @default ["/tmp"] */
  writable: list(absolutePath).default(["/tmp"]),
  /** Persistent volumes. @default [] */
  volumes: list(volumeMount).default([]),
  /** Configuration files by absolute path. @default {} */
  files: named(fileContent).default({}),
  /** Permissions that are denied by default, each with its reason. @default [] */
  exceptions: list(securityException).default([]),
  /**
   * Node labels that the workload requires on a cluster. Ignored for a service that declares devices but receives none.
   * @default {}
   */
  nodes: named(text).exactOptional(),
  /** Overrides per environment. @default {} */
  environments: overlays.default({}),
  /** Environments in which the workload exists. References to it must be limited to them too. @default - all */
  only: list(oneOf(ENVIRONMENTS)).exactOptional(),
  /**
   * Profile that enables the workload on one machine: `longshore up --profile dev-tools`. Clusters omit it. @default -
   * always started
   */
  profile: text.exactOptional(),
};

const develop = options({
  /** Dockerfile stage to build instead. @default "development" */
  target: text.default("development"),
  /**
   * Mount paths by folder of the build context: `{ src: "/app/src" }`. A folder of a named context is prefixed with the
   * name: `{ "shared:src/lib": "/app/shared/lib" }`.
   */
  mounts: named(absolutePath),
  /** Debugger port, published on the loopback address and passed to the container as `DEBUG_PORT`. @default - none */
  debug: port.exactOptional(),
  /** @default - the stage's own */
  command: list(text).exactOptional(),
  /**
   * Executable folder in memory for building and starting programs. Other folders in memory are mounted noexec.
   * @default - none
   */
  build: absolutePath.exactOptional(),
});

export const SHARED_NETWORKS = ["metrics"] as const;

export const serviceOptions = options({
  ...containerShape,
  /** Name and number of each port. @default {} */
  ports: named(port).default({}),
  /** Liveness probe. It never checks dependencies, because a failure restarts the container. @default - none */
  live: probe.exactOptional(),
  /** Readiness probe. It checks dependencies; a failure stops traffic. @default - the same as `live` */
  ready: probe.exactOptional(),
  /** Maximum startup time before `live` applies. @default "60s" */
  startup: duration.default("60s"),
  /** Grace period from SIGTERM to SIGKILL. @default "30s" */
  grace: duration.default("30s"),
  /** Fixed number of replicas. @default 1, unless `scale` is given */
  replicas: wholeNumber(0, 1000).exactOptional(),
  /** Autoscaling range. @default - a fixed number of replicas */
  scale: scale.exactOptional(),
  /** Port and path of Prometheus metrics. @default - none */
  metrics: options(
    { port: text, path: absolutePath },
    'a port and a path such as { port: "http", path: "/metrics" }',
  ).exactOptional(),
  /** Development mode: mounted sources, a reloading command, a debugger. @default - none */
  develop: develop.exactOptional(),
  /**
   * Port on the loopback address that leads to the service's first port, for browser-based tools. Requires `profile`.
   * The port of the catalog's second system is ten higher, and so on. @default - reachable only over routes
   */
  publish: wholeNumber(1024, 65_435, "1024-65435").exactOptional(),
  /**
   * Image to run instead of `image` if the service has a GPU, from `gpu` of an environment or of the stack's settings.
   * @default - the same image
   */
  gpuImage: handleOf(["image"], "an image of this system").transform(name).exactOptional(),
  /** Whether a developer's machine skips the service, with a message, if its image cannot be pulled. @default false */
  dispensable: truth.exactOptional(),
  /** Networks shared with other systems (target compose). @default [] */
  shares: list(oneOf(SHARED_NETWORKS)).exactOptional(),
});

export const jobOptions = options({
  ...containerShape,
  /** Maximum duration of the job. @default "10m" */
  timeout: duration.default("10m"),
});
