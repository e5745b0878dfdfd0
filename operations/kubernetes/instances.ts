import { parseQuantity } from "../../base/quantities";
import type { Instance } from "../instance";
import type { ContainerStatus, Ingress, Job, NamespaceContent, Pod } from "./objects";
import { problemsOf } from "./problems";

const NAME = "app.kubernetes.io/name";
const COMPONENT = "app.kubernetes.io/component";
const MANAGED_BY = "app.kubernetes.io/managed-by";

/** An instance with what only pods have. */
export interface PodInstance extends Instance {
  /** Name of its container in the pod. */
  readonly container: string;
  /** Whether its pod exists. A job's may have been deleted after its end. */
  readonly hasPod: boolean;
}

/** What runs of a system, sorted by service: a pod each, of a job only the last one. Pods that are ending are left out. */
export function instancesOf(content: NamespaceContent): PodInstance[] {
  const { system, pods, jobs, ingresses, events } = content;
  const own = pods.filter(
    ({ metadata }) => metadata?.deletionTimestamp === undefined && metadata?.labels?.[NAME] !== undefined,
  );
  const lasting = own.filter((pod) => kindOf(pod) !== "job");
  const runs = lastRuns(own.filter((pod) => kindOf(pod) === "job"));
  const gone = jobs.filter(
    ({ metadata }) =>
      metadata?.labels?.[MANAGED_BY] === "longshore" &&
      !runs.some((pod) => pod.metadata?.labels?.[NAME] === metadata.labels?.[NAME]),
  );
  const instances = [
    ...[...lasting, ...runs].map((pod) => ({
      ...instanceOf(system, pod),
      problems: problemsOf(pod, events),
    })),
    ...gone.map((job) => withoutPod(system, job)),
  ];
  return instances
    .map((one) => ({ ...one, ...addressesOf(one.service, ingresses) }))
    .sort((a, b) => compare(a.service, b.service) || compare(a.id, b.id));
}

function instanceOf(system: string, pod: Pod): PodInstance {
  const { metadata, spec, status } = pod;
  const service = metadata?.labels?.[NAME] ?? "";
  const container = spec?.containers.find(({ name }) => name === service) ?? spec?.containers[0];
  const seen = status?.containerStatuses?.find(({ name }) => name === container?.name);
  const terminated =
    seen?.state?.terminated ?? (seen?.state?.waiting ? seen.lastState?.terminated : undefined);
  const limit = container?.resources?.limits?.["memory"];
  return {
    id: metadata?.name ?? "",
    container: container?.name ?? service,
    hasPod: true,
    system,
    service,
    kind: kindOf(pod),
    state: stateOf(seen, status?.phase),
    health: healthOf(pod, seen),
    exitCode: terminated?.exitCode ?? 0,
    ...(terminated?.reason === "OOMKilled" && { outOfMemory: bytesOf(limit) }),
    restarts: seen?.restartCount ?? 0,
    startedAt: isoOf(seen?.state?.running?.startedAt ?? terminated?.startedAt ?? status?.startTime),
    image: container?.image ?? "",
    published: [],
    waitsFor: [],
  };
}

/** In Docker's words: `created` before the first start, `restarting` between two. */
function stateOf(seen: ContainerStatus | undefined, phase: string | undefined): string {
  if (seen?.state?.running) {
    return "running";
  }
  if (seen?.state?.terminated || phase === "Succeeded" || phase === "Failed") {
    return "exited";
  }
  return (seen?.restartCount ?? 0) > 0 || seen?.lastState?.terminated ? "restarting" : "created";
}

/** The kubelet's last probe. A pod counts as starting until its startup probe has succeeded. */
function healthOf({ spec, status }: Pod, seen: ContainerStatus | undefined): string {
  if (!seen?.state?.running || !spec?.containers.some(({ readinessProbe }) => readinessProbe !== undefined)) {
    return "";
  }
  if (status?.conditions?.some((one) => one.type === "Ready" && one.status === "True")) {
    return "healthy";
  }
  return seen.started === true ? "unhealthy" : "starting";
}

/** A job whose pods have been removed, as its own status tells. */
function withoutPod(system: string, { metadata, spec, status }: Job): PodInstance {
  const ended = status?.conditions?.find(
    (one) => one.status === "True" && (one.type === "Complete" || one.type === "Failed"),
  );
  const hasFailed = ended?.type === "Failed";
  return {
    id: metadata?.name ?? "",
    container: metadata?.labels?.[NAME] ?? "",
    hasPod: false,
    system,
    service: metadata?.labels?.[NAME] ?? "",
    kind: "job",
    state: ended ? "exited" : "created",
    health: "",
    exitCode: hasFailed ? 1 : 0,
    restarts: 0,
    startedAt: isoOf(status?.startTime),
    image: spec?.template.spec?.containers[0]?.image ?? "",
    published: [],
    waitsFor: [],
    problems: hasFailed ? [ended.message ?? ended.reason ?? "failed"] : [],
  };
}

/** The last pod of each job: earlier ones are attempts that failed. */
function lastRuns(pods: readonly Pod[]): Pod[] {
  const begun = (pod: Pod) => isoOf(pod.metadata?.creationTimestamp);
  const newest = new Map<string, Pod>();
  for (const pod of [...pods].sort((a, b) => compare(begun(a), begun(b)))) {
    newest.set(pod.metadata?.labels?.[NAME] ?? "", pod);
  }
  return [...newest.values()];
}

function addressesOf(service: string, ingresses: readonly Ingress[]) {
  const found = ingresses.flatMap(({ spec }) =>
    (spec?.rules ?? []).flatMap(({ host, http }) =>
      (http?.paths ?? [])
        .filter(({ backend }) => backend.service?.name === service && host !== undefined)
        .map(({ path = "/" }) => ({
          address: `${host ?? ""}${path === "/" ? "" : path}`,
          isSecure: (spec?.tls ?? []).length > 0,
        })),
    ),
  );
  return {
    published: [...new Set(found.map(({ address }) => address))].sort(compare),
    ...(found.some(({ isSecure }) => isSecure) && { scheme: "https" }),
  };
}

function kindOf({ metadata }: Pod): string {
  return metadata?.labels?.[COMPONENT] ?? "service";
}

function bytesOf(limit: string | undefined): number {
  const parsed = limit === undefined ? undefined : parseQuantity(limit);
  return typeof parsed === "number" ? parsed : 0;
}

function isoOf(time: Date | string | undefined): string {
  return time === undefined ? "" : new Date(time).toISOString();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
