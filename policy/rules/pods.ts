import { PREFIX } from "../../render/kubernetes/names";
import { fieldsAt, isFields, listAt, type Fields } from "./read";
import type { ResourceFacts } from "./types";

/** Prefix of the annotations that permit what is denied by default; the value is the reason. */
export const EXCEPTION = `${PREFIX}/exception-`;

export interface Container {
  /** Path in the resource, such as `spec.template.spec.containers.web`. */
  readonly path: string;
  readonly spec: Fields;
  /** Init containers run to completion before the others start, so they need no probes. */
  readonly isInit: boolean;
}

export interface Pod {
  readonly path: string;
  readonly spec: Fields;
  readonly containers: readonly Container[];
  /** Rules that the catalog exempts it from, with a reason. */
  readonly exceptions: ReadonlySet<string>;
  /** Whether it runs until it is stopped; false for Jobs. */
  readonly serves: boolean;
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** The pod that a Kubernetes resource describes, or undefined when it describes none. */
export function podOf({ type, props }: ResourceFacts): Pod | undefined {
  const kind = kubernetesKind(type);
  const path = kind === undefined ? undefined : TEMPLATES[kind];
  if (path === undefined) {
    return undefined;
  }
  const template = fieldsAt(props, ...path);
  const spec = fieldsAt(template, "spec");
  const containers = (key: string, isInit: boolean): Container[] =>
    listAt(spec, key)
      .filter(isFields)
      .map((container) => ({
        path: [...path, "spec", key, String(container.name)].join("."),
        spec: container,
        isInit,
      }));
  const annotations = fieldsAt(template, "metadata", "annotations");
  const exceptions = Object.entries(annotations)
    .filter(([name, reason]) => name.startsWith(EXCEPTION) && reason !== "")
    .map(([name]) => name.slice(EXCEPTION.length));
  return {
    path: [...path, "spec"].join("."),
    spec,
    containers: [...containers("initContainers", true), ...containers("containers", false)],
    exceptions: new Set(exceptions),
    serves: kind !== "Job" && kind !== "CronJob",
  };
}

/** `Deployment` of `kubernetes:apps/v1:Deployment`. */
export function kubernetesKind(type: string): string | undefined {
  return /^kubernetes:[^:]+:(\w+)$/.exec(type)?.[1];
}

/** Applies a check to each container of a resource that describes a pod. */
export function eachContainer(check: (container: Container, pod: Pod, resource: ResourceFacts) => string[]) {
  return (resource: ResourceFacts): string[] => {
    const pod = podOf(resource);
    return pod ? pod.containers.flatMap((container) => check(container, pod, resource)) : [];
  };
}
