import type { Workload } from "../../catalog/plan/types";
import { metadataOf, type Context } from "./context";
import { selectorOf } from "./names";
import type { KubernetesObject } from "./types";

/** Values of `appProtocol` by port name, for load balancers and service meshes. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  grpc: "kubernetes.io/h2c",
  http: "http",
  https: "https",
  metrics: "http",
};

/** Renders the workload's Service, which gives it a DNS name in the cluster. Workloads without ports have none. */
export function renderServices<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  const { kind, volumes, ports } = workload;
  if (kind === "job") {
    return [];
  }
  if (kind === "store") {
    return [service(context, workload, workload.name, "headless")];
  }
  return [
    ...(volumes.length > 0 ? [service(context, workload, headlessName(workload), "headless")] : []),
    ...(ports.length > 0 ? [service(context, workload, workload.name, "balanced")] : []),
  ];
}

/** Returns the name of the headless Service of a StatefulSet. A datastore's own name resolves directly to its pod. */
export function headlessName({ kind, name }: Workload): string {
  return kind === "store" ? name : `${name}-pods`;
}

function service<T>(
  context: Context<T>,
  workload: Workload,
  name: string,
  kind: "headless" | "balanced",
): KubernetesObject<T> {
  const annotations = kind === "balanced" ? context.options.serviceAnnotations?.(workload) : undefined;
  const ports = workload.ports.map(({ name: portName, port }) => {
    const appProtocol = PROTOCOLS[portName];
    return {
      name: portName,
      port,
      // A number: if a name were used, renaming a port would leave the old pods without endpoints during the rollout.
      targetPort: port,
      protocol: "TCP",
      ...(appProtocol && { appProtocol }),
    };
  });
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadataOf(context, workload, name, annotations),
    spec: {
      type: "ClusterIP",
      ...(kind === "headless" && { clusterIP: "None" }),
      selector: selectorOf(context.plan, workload.name),
      ...(ports.length > 0 && { ports }),
    },
  };
}
