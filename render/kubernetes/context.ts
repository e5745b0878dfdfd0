import { resolve, type Resolver } from "../../catalog/plan/resolve";
import type { Plan, PlannedImage, PlanValue, Workload } from "../../catalog/plan/types";
import { labelsOf } from "./names";
import type { KubernetesObject, KubernetesOptions, Labels, Metadata } from "./types";

/** Input of every renderer: the plan, the options with defaults, and lookup tables. */
export interface Context<T> {
  readonly plan: Plan;
  readonly options: KubernetesOptions<T>;
  readonly namespace: string;
  readonly drainSeconds: number;
  readonly images: ReadonlyMap<string, PlannedImage>;
  readonly workloads: ReadonlyMap<string, Workload>;
}

export function contextOf<T>(plan: Plan, options: KubernetesOptions<T>): Context<T> {
  return {
    plan,
    options,
    namespace: options.namespace ?? plan.system,
    drainSeconds: options.drainSeconds ?? 5,
    images: new Map(plan.images.map((image) => [image.name, image])),
    workloads: new Map(plan.workloads.map((workload) => [workload.name, workload])),
  };
}

export function imageOf<T>({ images }: Context<T>, workload: Workload): PlannedImage {
  const image = images.get(workload.image);
  if (!image) {
    throw new Error(`internal: the plan has no image ${workload.image} for ${workload.name}`);
  }
  return image;
}

export function secretNameOf<T>({ options }: Context<T>, workload: Workload): string | T {
  return options.secretName?.(workload) ?? `${workload.name}-secrets`;
}

/** Returns the metadata of an object that belongs to a workload. */
export function metadataOf<T>(
  { plan, namespace }: Context<T>,
  workload: Workload,
  name: string | T = workload.name,
  annotations?: Readonly<Record<string, string | T>>,
): Metadata<T> {
  const labels = labelsOf(plan, workload);
  return annotations && Object.keys(annotations).length > 0
    ? { name, namespace, labels, annotations }
    : { name, namespace, labels };
}

/** Returns an object that belongs to the namespace as a whole. */
export function namespaced<T>(
  context: Context<T>,
  apiVersion: string,
  kind: string,
  name: string,
  fields: Pick<KubernetesObject<T>, string>,
): KubernetesObject<T> {
  const labels: Labels = labelsOf(context.plan);
  return { apiVersion, kind, metadata: { name, namespace: context.namespace, labels }, ...fields };
}

/**
 * Returns a value for `env` or `args`, with the dollar signs of known text escaped. Late parts are addresses, which
 * contain none.
 */
export function expandable<T>(value: PlanValue, resolver: Resolver<T>): string | T {
  return resolve(protectDollars(value), resolver);
}

/**
 * Escapes text for places where the kubelet expands `$(NAME)` and `$$`: `env`, `args`, and the command of an exec
 * probe. Every dollar sign is doubled, even one that begins no reference, because the kubelet corrupts a multi-byte
 * character after a single one.
 */
export function escapeDollars(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function protectDollars(value: PlanValue): PlanValue {
  if (typeof value === "string") {
    return escapeDollars(value);
  }
  return value.late === "text" ? { late: "text", parts: value.parts.map(protectDollars) } : value;
}
