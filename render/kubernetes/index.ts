import type { Plan, Workload } from "../../catalog/plan/types";
import { renderAdmissionPolicy } from "./admission";
import { contextOf, type Context } from "./context";
import { renderClaims, renderConfigMap, renderSecret } from "./files";
import { renderIngress } from "./ingress";
import { renderLimitRange, renderNamespace, renderResourceQuota } from "./namespace";
import { renderDefaultDeny, renderNetworkPolicy } from "./network";
import { renderPullSecret } from "./pull-secret";
import { renderAutoscaler, renderDisruptionBudget } from "./scaling";
import { renderServices } from "./service";
import type { KubernetesObject, KubernetesOptions } from "./types";
import { renderController, renderServiceAccount } from "./workload";

export { googleOptions } from "./google";
export { GOOGLE_FRONT_END_RANGES } from "./network";
export type * from "./types";

/**
 * Renders all Kubernetes objects of a system, each after its dependencies. Pure: the same plan gives the same objects
 * in the same order. A caller that creates the Secrets itself, under other names, takes them from `renderSecrets`.
 */
export function renderKubernetes<T>(plan: Plan, options: KubernetesOptions<T>): KubernetesObject<T>[] {
  const context = contextOf(plan, options);
  return [
    ...renderFoundation(context),
    ...plan.startOrder.flatMap((name) => {
      const workload = context.workloads.get(name);
      return workload ? renderWorkload(context, workload) : [];
    }),
    ...renderIngress(context),
  ];
}

/** Renders only the Secrets, one per workload with secret files, sorted by name. */
export function renderSecrets<T>(
  plan: Plan,
  options: KubernetesOptions<T>,
): { readonly workload: Workload; readonly secret: KubernetesObject<T> }[] {
  const context = contextOf(plan, options);
  return plan.workloads.flatMap((workload) =>
    renderSecret(context, workload).map((secret) => ({ workload, secret })),
  );
}

/** Renders the objects that apply to the namespace as a whole. */
function renderFoundation<T>(context: Context<T>): KubernetesObject<T>[] {
  return [
    renderNamespace(context),
    renderResourceQuota(context),
    renderLimitRange(context),
    renderDefaultDeny(context),
    ...renderAdmissionPolicy(context),
    ...renderPullSecret(context),
  ];
}

function renderWorkload<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  return [
    renderServiceAccount(context, workload),
    ...renderConfigMap(context, workload),
    ...renderSecret(context, workload),
    ...renderClaims(context, workload),
    renderNetworkPolicy(context, workload),
    ...renderServices(context, workload),
    renderController(context, workload),
    ...renderAutoscaler(context, workload),
    ...renderDisruptionBudget(context, workload),
  ];
}
