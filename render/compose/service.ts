import type { Plan, PlannedImage, PlannedVolume, Workload } from "../../catalog/plan/types";
import { baseImage } from "../../catalog/build-graph";
import type { ComposeBuild, ComposeService, DependencyCondition } from "./document";
import { deviceMounts, deviceRules, gpuReservation } from "./devices";
import { escapeDollars } from "./escape";
import { bytes, CAPABILITIES, cores, logging, PROCESSES, tmpfs } from "./hardening";
import { healthcheck } from "./healthcheck";
import { LABELS } from "./labels";
import type { Networks } from "./networks";
import { filesDigest, sorted } from "./secrets";

export interface ServiceContext {
  readonly plan: Plan;
  readonly image: PlannedImage;
  readonly reference: string;
  /** Returns the name of an image of the plan. */
  readonly imageReference: (image: PlannedImage) => string;
  readonly networks: Networks;
  /** Base folder of build contexts. */
  readonly root: string;
  readonly profiles: "named" | "asked for";
  readonly portOffset: number;
}

/** Environments with start-first rollouts: the new container is ready before the old one stops (ALL-09). */
const START_FIRST = new Set(["staging", "prod"]);

/** Renders one workload as a Compose service, with keys in the conventional order. */
export function composeService(workload: Workload, context: ServiceContext): ComposeService {
  const { image, reference, networks } = context;
  const names = networks.of(workload.name);
  const health = healthcheck(workload.probes, image.runtime);
  const build = buildSection(image, context);
  const service: Loose<ComposeService> = {
    image: reference,
    profiles: context.profiles === "named" && workload.profile !== undefined ? [workload.profile] : undefined,
    command: workload.command && [...workload.command],
    // The Docker socket belongs to root. Without capabilities, user 0 has no other privileges.
    user: allows(workload, "engine-socket") ? "0:0" : `${workload.user}:${workload.user}`,
    // Reaps zombies and forwards SIGTERM, whatever the image runs as process 1. Datastore images do so themselves.
    init: workload.kind === "store" ? undefined : true,
    environment: environment(workload),
    ports: list(ports(workload, context)),
    volumes: list([
      ...workload.volumes.map((volume) => ({
        type: "volume" as const,
        source: volumeName(workload, volume),
        target: volume.path,
      })),
      ...(workload.develop?.mounts ?? []).map(({ source, path }) => ({
        type: "bind" as const,
        source: `${context.root.replace(/\/+$/, "")}/${source}`,
        target: path,
        read_only: true,
      })),
      ...deviceMounts(workload),
    ]),
    configs: list(configs(workload).map(({ key, target }) => ({ source: key, target }))),
    secrets: list(
      workload.secretFiles.map(({ name, path }) => ({ source: secretKey(workload, name), target: path })),
    ),
    tmpfs: list(memory(workload)),
    networks: list(names),
    network_mode: names.length === 0 ? "none" : undefined,
    depends_on: dependencies(workload, context.plan),
    // A job may use a service's image, whose health check the job would fail.
    healthcheck: workload.kind === "job" ? { disable: true } : health,
    read_only: !allows(workload, "writable-root"),
    ...CAPABILITIES,
    cap_add: allows(workload, "net-bind-service") ? ["NET_BIND_SERVICE"] : undefined,
    ...deviceRules(workload),
    stop_grace_period: `${workload.graceSeconds}s`,
    restart: workload.kind === "job" ? "no" : "unless-stopped",
    deploy: deploy(workload, context.plan),
    logging: logging(context.plan),
    labels: labels(workload, context),
  };
  const complete = withBuild(defined<ComposeService>(escapeDollars(service)), build);
  return allows(workload, "engine-socket") ? withEngineSocket(complete) : complete;
}

/** Returns the in-memory folders: the writable paths and, in development, the executable build folder. */
function memory({ writable, develop, user, resources }: Workload): string[] {
  const size = Math.floor(resources.memory.limit / 2);
  const build = develop?.build === undefined ? [] : [`${tmpfs(develop.build, user, size)},exec`];
  return [...writable.map((path) => tmpfs(path, user, size)), ...build];
}

/**
 * Names a volume after its workload, such as `db_data`, so that two databases may each have a volume `data`. The data of
 * each major version of PostgreSQL has a volume of its own, such as `db_data-18`; 17 was the first and has no suffix.
 */
export function volumeName(
  { name: workload }: Pick<Workload, "name">,
  { name, holds }: Pick<PlannedVolume, "name" | "holds">,
): string {
  const suffix = holds?.kind === "postgres" && holds.version !== FIRST_POSTGRES ? `-${holds.version}` : "";
  return `${workload}_${name}${suffix}`;
}

const FIRST_POSTGRES = "17";

export function secretKey({ name }: Pick<Workload, "name">, secret: string): string {
  return `${name}_${secret}`;
}

export interface ConfigMount {
  /** Name in the document. */
  readonly key: string;
  /** Path in the container. */
  readonly target: string;
  /** Path of the file relative to the document. */
  readonly file: string;
  readonly content: string;
}

/** Maps a workload's configuration files: `/etc/x/y.conf` is `config/<workload>/etc/x/y.conf` beside the document. */
export function configs({ name, configFiles }: Workload): ConfigMount[] {
  return configFiles.map(({ path, content }, index) => {
    const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    return {
      key: `${name}_${index}_${(parts.at(-1) ?? "file").replace(/[^A-Za-z0-9.-]/g, "-")}`,
      target: path,
      file: ["config", name, ...parts].join("/"),
      content,
    };
  });
}

/** Publishes the ports of a tool or debugger on the loopback address. */
function ports({ publish, develop }: Workload, { portOffset }: ServiceContext): string[] {
  const debug = develop?.debug;
  return [
    ...(publish ? [`127.0.0.1:${publish.on + portOffset}:${publish.port}`] : []),
    ...(debug !== undefined ? [`127.0.0.1:${debug + portOffset}:${debug}`] : []),
  ];
}

function environment({ name, env, secretFiles }: Workload): Record<string, string> | undefined {
  const values = env.map((variable) => {
    if (typeof variable.value !== "string") {
      throw new Error(
        `internal: ${name}: ${variable.name} is known only later (${variable.value.late}), which no Compose plan may hold`,
      );
    }
    return [variable.name, variable.value] as const;
  });
  const all = [...values, ...secretFiles.map(({ variable, path }) => [variable, path] as const)];
  return all.length === 0 ? undefined : sorted(Object.fromEntries(all));
}

function dependencies({ after }: Workload, plan: Plan): ComposeService["depends_on"] {
  if (after.length === 0) {
    return undefined;
  }
  return Object.fromEntries(
    after.map(({ workload, condition }): [string, { condition: DependencyCondition }] => {
      const target = plan.workloads.find(({ name }) => name === workload);
      const probed = (target?.probes.ready ?? target?.probes.live) !== undefined;
      if (condition === "completed") {
        return [workload, { condition: "service_completed_successfully" }];
      }
      return [workload, { condition: probed ? "service_healthy" : "service_started" }];
    }),
  );
}

function deploy(workload: Workload, plan: Plan): ComposeService["deploy"] {
  const { kind, scale, resources } = workload;
  const replicas = scale.kind === "fixed" ? scale.replicas : scale.min;
  return {
    ...(kind !== "job" && { replicas }),
    ...(kind === "service" &&
      START_FIRST.has(plan.environment) && {
        update_config: { parallelism: 1, order: "start-first" as const, failure_action: "rollback" as const },
        rollback_config: { parallelism: 1, order: "start-first" as const },
      }),
    resources: {
      limits: {
        cpus: cores(resources.cpu.limit),
        memory: bytes(resources.memory.limit),
        pids: PROCESSES,
      },
      reservations: {
        cpus: cores(resources.cpu.request),
        memory: bytes(resources.memory.request),
        ...gpuReservation(workload),
      },
    },
  };
}

function labels(workload: Workload, { plan, networks }: ServiceContext): Record<string, string> {
  const own = networks.own(workload.name);
  return sorted({
    [LABELS.system]: plan.system,
    [LABELS.environment]: plan.environment,
    [LABELS.workload]: workload.name,
    [LABELS.kind]: workload.kind,
    ...(workload.configFiles.length > 0 && { [LABELS.files]: filesDigest(workload.configFiles) }),
    ...(own !== undefined && { [LABELS.network]: own }),
    ...(workload.timeoutSeconds !== undefined && { [LABELS.timeout]: String(workload.timeoutSeconds) }),
  });
}

/**
 * Returns the build section. Version, revision and date come from the environment of `docker compose build`, so that
 * the document does not change with every commit.
 */
function buildSection({ source }: PlannedImage, context: ServiceContext): ComposeBuild | undefined {
  if (source.kind !== "build") {
    return undefined;
  }
  const below = (folder: string) => `${context.root.replace(/\/+$/, "")}/${folder}`;
  const contexts = Object.entries(sorted(source.contexts ?? {})).map(([name, named]) => [
    name,
    named.kind === "folder"
      ? below(named.path)
      : `docker-image://${context.imageReference(baseImage(named.image, context.plan.images))}`,
  ]);
  return {
    ...escapeDollars({
      context: below(source.context),
      dockerfile: source.dockerfile,
      ...(source.target !== undefined && { target: source.target }),
      ...(contexts.length > 0 && {
        additional_contexts: Object.fromEntries(contexts) as Record<string, string>,
      }),
    }),
    args: {
      ...escapeDollars(sorted(source.args ?? {})),
      VERSION: "${VERSION:-dev}",
      VCS_REF: "${VCS_REF:-unknown}",
      BUILD_DATE: "${BUILD_DATE:-unknown}",
    },
  };
}

/** Mounts the Docker socket. The provider sets ENGINE_SOCKET on machines with another path. */
function withEngineSocket(service: ComposeService): ComposeService {
  const source = "${ENGINE_SOCKET:-/var/run/docker.sock}";
  const mount = { type: "bind" as const, source, target: "/var/run/docker.sock", read_only: true };
  return { ...service, volumes: [...(service.volumes ?? []), mount] };
}

function withBuild({ image, ...rest }: ComposeService, build: ComposeBuild | undefined): ComposeService {
  return { image, ...(build && { build }), ...rest };
}

function allows({ exceptions }: Workload, what: string): boolean {
  return exceptions.some(({ allow }) => allow === what);
}

function list<T>(items: T[]): T[] | undefined {
  return items.length === 0 ? undefined : items;
}

export type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** Removes keys without a value. */
export function defined<T extends object>(value: Loose<T>): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
