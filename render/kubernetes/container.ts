import type { PlannedProbe, Workload } from "../../catalog/plan/types";
import { escapeDollars, expandable, imageOf, type Context } from "./context";
import { gpuLimit } from "./devices";
import { formatBytes, formatCpu } from "./names";
import type { Node } from "./types";

/** Maximum period of the startup probe in seconds. A short period makes a new container available early. */
const STARTUP_PERIOD = 2;

const MEBIBYTE = 2 ** 20;
/**
 * Ephemeral storage of a container: its own five log files of 10 MiB, those of a failed predecessor, and log output
 * until the kubelet rotates it. All other writable paths are in memory or on volumes.
 */
export const LOGS_DISK = 256 * MEBIBYTE;
/** Ephemeral storage of a container with a writable root file system. */
const WRITTEN_DISK = 2048 * MEBIBYTE;

/** Renders the container of a workload. `mounts` are the mount points of the pod's volumes. */
export function containerOf<T>(context: Context<T>, workload: Workload, mounts: Node<T>[]): Node<T> {
  const { options, drainSeconds } = context;
  const env = environmentOf(context, workload);
  return {
    name: workload.name,
    image: options.imageReference(imageOf(context, workload)),
    imagePullPolicy: "IfNotPresent",
    // `args` corresponds to Compose's `command`: the image's entry point is kept.
    ...(workload.command && { args: workload.command.map((part) => expandable(part, options.resolver)) }),
    ...(env.length > 0 && { env }),
    ...(workload.ports.length > 0 && {
      ports: workload.ports.map(({ name, port }) => ({ name, containerPort: port, protocol: "TCP" })),
    }),
    ...probesOf(workload),
    ...(drains(workload) &&
      drainSeconds > 0 && { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } }),
    resources: resourcesOf(workload),
    securityContext: securityContextOf(workload),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

/** Whether a pod must keep serving for some seconds after termination begins, because its clients learn of it later. */
export function drains({ kind, ports }: Workload): boolean {
  return kind === "service" && ports.length > 0;
}

/** Returns the plan's variables and the path of each secret file, sorted by name. */
function environmentOf<T>({ options }: Context<T>, workload: Workload): Node<T>[] {
  const values = new Map<string, string | T>();
  for (const { variable, path } of workload.secretFiles) {
    values.set(variable, path);
  }
  for (const { name, value } of workload.env) {
    values.set(name, expandable(value, options.resolver));
  }
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value }));
}

/**
 * Returns the probes. The startup probe runs the liveness check from the first second; the liveness probe starts after
 * the first success.
 */
function probesOf({ kind, probes }: Workload) {
  const { live, ready = live, startupSeconds } = probes;
  if (kind === "job") {
    return {};
  }
  const period = Math.min(STARTUP_PERIOD, startupSeconds);
  return {
    ...(live && {
      startupProbe: {
        ...checkOf(live.check),
        periodSeconds: period,
        timeoutSeconds: live.timeoutSeconds,
        failureThreshold: Math.ceil(startupSeconds / period),
      },
      livenessProbe: probeOf(live),
    }),
    ...(ready && { readinessProbe: probeOf(ready) }),
  };
}

function probeOf({ check, intervalSeconds, timeoutSeconds, failures }: PlannedProbe) {
  return {
    ...checkOf(check),
    periodSeconds: intervalSeconds,
    timeoutSeconds,
    failureThreshold: failures,
  };
}

function checkOf(check: PlannedProbe["check"]) {
  switch (check.kind) {
    case "http":
      return { httpGet: { path: check.path, port: check.port } };
    case "tcp":
      return { tcpSocket: { port: check.port } };
    case "exec":
      return { exec: { command: check.command.map(escapeDollars) } };
  }
}

function resourcesOf(workload: Workload) {
  const { cpu, memory } = workload.resources;
  const isWritable = workload.exceptions.some(({ allow }) => allow === "writable-root");
  // Request and limit are equal, because Autopilot allows no bursting of ephemeral storage.
  const disk = { "ephemeral-storage": formatBytes(isWritable ? WRITTEN_DISK : LOGS_DISK) };
  return {
    requests: { cpu: formatCpu(cpu.request), memory: formatBytes(memory.request), ...disk },
    limits: { cpu: formatCpu(cpu.limit), memory: formatBytes(memory.limit), ...disk, ...gpuLimit(workload) },
  };
}

/** Returns the strictest security context. Only the catalog's `exceptions`, each with its reason, relax it. */
function securityContextOf({ exceptions }: Workload) {
  const allowed = new Set(exceptions.map(({ allow }) => allow));
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"], ...(allowed.has("net-bind-service") && { add: ["NET_BIND_SERVICE"] }) },
    readOnlyRootFilesystem: !allowed.has("writable-root"),
  };
}
