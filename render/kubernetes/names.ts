import { createHash } from "node:crypto";
import type { Plan, Workload } from "../../catalog/plan/types";
import type { Labels } from "./types";

/** Prefix of Longshore's annotations. */
export const PREFIX = "longshore";

/** Returns the labels that Kubernetes recommends, equal on every object of a workload and on its pods. */
export function labelsOf(plan: Plan, workload?: Workload): Labels {
  return {
    ...(workload && { "app.kubernetes.io/component": workload.kind }),
    "app.kubernetes.io/instance": instanceOf(plan),
    "app.kubernetes.io/managed-by": "longshore",
    ...(workload && { "app.kubernetes.io/name": workload.name }),
    "app.kubernetes.io/part-of": plan.system,
  };
}

/** Returns the labels that identify a workload's pods. They never change, because selectors are immutable. */
export function selectorOf(plan: Plan, workload: string): Labels {
  return { "app.kubernetes.io/instance": instanceOf(plan), "app.kubernetes.io/name": workload };
}

function instanceOf({ system, environment }: Plan): string {
  return `${system}-${environment}`;
}

/** Returns the first characters of a SHA-256, enough to distinguish versions of one object. */
export function shortHash(text: string, length = 10): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/** Returns the name of a pod's volume for a path: readable if it fits, always unique. */
export function volumeName(prefix: string, path: string): string {
  const name = `${prefix}${path.replaceAll("/", "-")}`;
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 63 && !path.includes("-")) {
    return name;
  }
  return `${prefix}-${shortHash(path)}`;
}

const BINARY = [
  [2 ** 40, "Ti"],
  [2 ** 30, "Gi"],
  [2 ** 20, "Mi"],
  [2 ** 10, "Ki"],
] as const;

/** Formats bytes as the API server does, to avoid false differences. */
export function formatBytes(bytes: number): string {
  for (const [size, unit] of BINARY) {
    if (bytes >= size && bytes % size === 0) {
      return `${bytes / size}${unit}`;
    }
  }
  return String(bytes);
}

/** Formats thousandths of a core as the API server does. */
export function formatCpu(thousandths: number): string {
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** Returns the minimum and maximum number of pods, without those of a rollout. */
export function replicasOf({ scale }: Workload): { readonly min: number; readonly max: number } {
  return scale.kind === "fixed" ? { min: scale.replicas, max: scale.replicas } : scale;
}
