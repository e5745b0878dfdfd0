import { PREFIX } from "../../render/kubernetes/names";
import { fieldsAt, isFields, listAt, type Fields } from "./read";
import type { ResourceFacts } from "./types";

/** Prefix of the annotations in which a pod says what it may do that is denied by default, and why. */
export const EXCEPTION = `${PREFIX}/exception-`;

export interface Container {
  /** Where it is in the resource, such as `spec.template.spec.containers.web`. */
  readonly path: string;
  readonly spec: Fields;
  /** Runs to its end before the others start, so nobody asks for its health. */
  readonly isInit: boolean;
}

export interface Pod {
  readonly path: string;
  readonly spec: Fields;
  readonly containers: readonly Container[];
  /** What the catalog excepts it from, with a reason. */
  readonly exceptions: ReadonlySet<string>;
  /** Whether it serves until it is told to end. A Job does not. */
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

/** The pod that a Kubernetes resource describes, if it is one that does. */
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

/** A check of each container of whatever has some. */
export function eachContainer(check: (container: Container, pod: Pod, resource: ResourceFacts) => string[]) {
  return (resource: ResourceFacts): string[] => {
    const pod = podOf(resource);
    return pod ? pod.containers.flatMap((container) => check(container, pod, resource)) : [];
  };
}
