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
/** Longest reason of an exception: it is written into an annotation. */
const LONGEST_REASON = 1000;

const PAIR = "[request, limit]";
const pair = <S extends z.ZodType>(amount: S, example: string) =>
  z.tuple([amount, amount], { error: `expected ${PAIR} such as ${example}` }).readonly();

/** Request and limit: what is reserved, and what is never exceeded. */
export const resources = options(
  { cpu: pair(cpu, '["100m", "1"]'), memory: pair(quantity, '["128Mi", "256Mi"]') },
  'cpu and memory as [request, limit], such as { cpu: ["100m", "1"], … }',
);

/** How many: a range that follows the load. */
export const scale = options(
  {
    min: wholeNumber(1, 1000),
    max: wholeNumber(1, 1000),
    /** Average CPU in percent of the request that the autoscaler aims at. */
    cpu: wholeNumber(1, 100, "1-100 percent").exactOptional(),
    /** Average memory in percent of the request that the autoscaler aims at. */
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
     * Says that other services have a volume of the same name on purpose, and that each has a disk of its own.
     * @default false: the same name in two services is refused
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
   * `writable-root`: on a cluster it may write 2 GiB beside its log.
   */
  allow: z.enum(["writable-root", "net-bind-service", "engine-socket"]),
  reason,
});

/** Use of devices of the machine, never by way of a privileged container. */
const deviceException = options({
  allow: z.literal("device"),
  /** The bus, or one serial port: `/dev/bus/usb`, `/dev/ttyUSB0`, `/dev/ttyACM0`. */
  path: text,
  /** Numeric groups of the machine that may open it; on Debian 20 is dialout, 46 is plugdev. @default [] */
  groups: list(wholeNumber(1, 65_535, "a numeric group, 1-65535 and not root's")).exactOptional(),
  reason,
});

/** Something a container may do that is denied by default, and why it must. */
export const securityException = z.discriminatedUnion("allow", [plainException, deviceException], {
  error: "expected writable-root, net-bind-service, engine-socket or device",
});

/** What one environment changes. Everything else stays as described. */
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

/** One text or another, by whether an optional secret is set. */
const choice = options({ whenSet: secretReference, then: value, otherwise: value });

/** Text of a configuration file. Settings and addresses may be in it, secrets never: they have files of their own. */
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
  /** A secret value arrives as a file: the container gets `NAME_FILE` with its path. @default {} */
  env: named(value).default({}),
  /** Jobs and services that must have completed, or be ready, first (beyond those that `env` refers to). @default [] */
  after: list(handleOf(["service", "job"], "the value of a job or service").transform(name)).default([]),
  resources,
  /** Hosts outside the deployment that may be reached, as `host:port`. @default [] */
  egress: list(
    textLike("host:port such as api.example.com:443", (destination) => {
      const number = Number(HOST_PORT.exec(destination)?.[2]);
      return number >= 1 && number <= 65_535 && destination.length <= 259;
    }),
  ).default([]),
  /** Paths that can be written to, in memory, lost on restart. @default ["/tmp"] */
  writable: list(absolutePath).default(["/tmp"]),
  /** Disks that outlive the container. @default [] */
  volumes: list(volumeMount).default([]),
  /** Configuration files by absolute path. @default {} */
  files: named(fileContent).default({}),
  /** What this container may do that is denied by default, each with its reason. @default [] */
  exceptions: list(securityException).default([]),
  /**
   * Labels that a node of a cluster must have for this to run on it. They do not count for a service that names
   * devices and gets none. @default {}
   */
  nodes: named(text).exactOptional(),
  /** What single environments change. @default {} */
  environments: overlays.default({}),
  /** The environments that have it; what refers to it is in no other either. @default - all */
  only: list(oneOf(ENVIRONMENTS)).exactOptional(),
  /**
   * Started only when it is asked for, on one machine: `longshore up --profile dev-tools`. Clusters leave it out.
   * @default - always started
   */
  profile: text.exactOptional(),
};

const develop = options({
  /** Stage of the Dockerfile to build instead. @default "development" */
  target: text.default("development"),
  /**
   * Folders of the build context and where they are mounted: `{ src: "/app/src" }`. A folder of a named context is
   * written with its name: `{ "shared:src/lib": "/app/shared/lib" }`.
   */
  mounts: named(absolutePath),
  /** Port of the debugger, published on the loopback address; the container finds it in `DEBUG_PORT`. @default - none */
  debug: port.exactOptional(),
  /** @default - the stage's own */
  command: list(text).exactOptional(),
  /** Folder in memory that programs are built in and started from; nowhere else can a container do so. @default - none */
  build: absolutePath.exactOptional(),
});

export const SHARED_NETWORKS = ["metrics"] as const;

export const serviceOptions = options({
  ...containerShape,
  /** Name and number of each port. @default {} */
  ports: named(port).default({}),
  /** Whether the process lives. Never looks at dependencies: failing it restarts the container. @default - none */
  live: probe.exactOptional(),
  /** Whether it can serve. Looks at dependencies: failing it stops traffic. @default - the same as `live` */
  ready: probe.exactOptional(),
  /** Time that the first start may take before `live` counts. @default "60s" */
  startup: duration.default("60s"),
  /** Time from SIGTERM to SIGKILL. @default "30s" */
  grace: duration.default("30s"),
  /** A fixed number. @default 1, unless `scale` is given */
  replicas: wholeNumber(0, 1000).exactOptional(),
  /** A range that follows the load. @default - fixed */
  scale: scale.exactOptional(),
  /** Port and path of Prometheus metrics. @default - none */
  metrics: options(
    { port: text, path: absolutePath },
    'a port and a path such as { port: "http", path: "/metrics" }',
  ).exactOptional(),
  /** How it is developed: sources mounted over the image, a reloading command, a debugger. @default - not */
  develop: develop.exactOptional(),
  /**
   * Port on this machine's loopback address that leads to its first port, for tools that are opened in a browser.
   * Only with `profile`. The catalog's second system has a port that is ten higher, and so on.
   * @default - reached over routes only
   */
  publish: wholeNumber(1024, 65_435, "1024-65435").exactOptional(),
  /**
   * What it runs instead of `image` where it gets a GPU: `gpu` of an environment, or of the stack's settings.
   * @default - the same image
   */
  gpuImage: handleOf(["image"], "an image of this system").transform(name).exactOptional(),
  /** Skipped on a developer's machine, with a line that says so, where its image cannot be pulled. @default false */
  dispensable: truth.exactOptional(),
  /** Networks that it shares with other systems (target compose). @default [] */
  shares: list(oneOf(SHARED_NETWORKS)).exactOptional(),
});

export const jobOptions = options({
  ...containerShape,
  /** Longest time the job may take. @default "10m" */
  timeout: duration.default("10m"),
});
