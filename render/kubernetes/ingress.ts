import type { PlannedRoute } from "../../catalog/plan/types";
import { namespaced, type Context } from "./context";
import type { KubernetesObject, Node } from "./types";

/** The way in for users: the system's routes under its host name, with TLS. Nothing when it has no routes. */
export function renderIngress<T>(context: Context<T>): KubernetesObject<T>[] {
  const { plan, options } = context;
  const { className, annotations = {}, tlsSecret = `${plan.system}-tls` } = options.ingress ?? {};
  if (plan.routes.length === 0) {
    return [];
  }
  const spec: Record<string, Node<T>> = {
    ...(className !== undefined && { ingressClassName: className }),
    ...(plan.host !== undefined &&
      tlsSecret !== null && { tls: [{ hosts: [plan.host], secretName: tlsSecret }] }),
    rules: [
      { ...(plan.host !== undefined && { host: plan.host }), http: { paths: plan.routes.map(pathOf) } },
    ],
  };
  const ingress = namespaced(context, "networking.k8s.io/v1", "Ingress", plan.system, { spec });
  return [
    Object.keys(annotations).length > 0
      ? { ...ingress, metadata: { ...ingress.metadata, annotations } }
      : ingress,
  ];
}

function pathOf({ path, workload, port }: PlannedRoute) {
  return { path, pathType: "Prefix", backend: { service: { name: workload, port: { number: port } } } };
}
