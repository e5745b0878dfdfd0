import type { PlannedProbe, Workload } from "../../catalog/plan/types";
import { escapeDollars, expandable, imageOf, type Context } from "./context";
import { gpuLimit } from "./devices";
import { formatBytes, formatCpu } from "./names";
import type { Node } from "./types";

/** A fresh container is asked this often, so that it serves as soon as it can. */
const STARTUP_PERIOD = 2;

const MEBIBYTE = 2 ** 20;
/**
 * What a container may keep on its node's disk: of itself, and of one before it that failed, five log files of 10 MiB,
 * and what it says until kubelet turns them over. All else that it writes is in memory or on a disk of its own.
 */
export const LOGS_DISK = 256 * MEBIBYTE;
/** The same where it may write to its root. */
const WRITTEN_DISK = 2048 * MEBIBYTE;

/** The one container of a workload. `mounts` say where it sees the pod's volumes. */
export function containerOf<T>(context: Context<T>, workload: Workload, mounts: Node<T>[]): Node<T> {
  const { options, drainSeconds } = context;
  const env = environmentOf(context, workload);
  return {
    name: workload.name,
    image: options.imageReference(imageOf(context, workload)),
    imagePullPolicy: "IfNotPresent",
    // `args` is what Compose calls `command`: the image's entry point stays.
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

/** Whether a pod must keep serving for a while after it was told to end: its clients learn of it a little later. */
export function drains({ kind, ports }: Workload): boolean {
  return kind === "service" && ports.length > 0;
}

/** Variables of the plan, and the path of each secret file, sorted by name. */
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

/** Startup asks what liveness asks, from the first second on; liveness takes over once it has been answered. */
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
  // The same twice: Autopilot lets nothing have more of a disk than it asked for.
  const disk = { "ephemeral-storage": formatBytes(isWritable ? WRITTEN_DISK : LOGS_DISK) };
  return {
    requests: { cpu: formatCpu(cpu.request), memory: formatBytes(memory.request), ...disk },
    limits: { cpu: formatCpu(cpu.limit), memory: formatBytes(memory.limit), ...disk, ...gpuLimit(workload) },
  };
}

/** The strictest there is; `exceptions` of the catalog, each with its reason, are the only way to less. */
function securityContextOf({ exceptions }: Workload) {
  const allowed = new Set(exceptions.map(({ allow }) => allow));
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"], ...(allowed.has("net-bind-service") && { add: ["NET_BIND_SERVICE"] }) },
    readOnlyRootFilesystem: !allowed.has("writable-root"),
  };
}
