import type { Workload } from "../../catalog/plan/types";
import { metadataOf, type Context } from "./context";
import { selectorOf } from "./names";
import type { KubernetesObject } from "./types";

/** What load balancers and meshes know of a port by its name. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  grpc: "kubernetes.io/h2c",
  http: "http",
  https: "https",
  metrics: "http",
};

/** The workload's Service, its DNS name in the cluster; none for a workload without ports. */
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

/** The Service that gives each pod of a StatefulSet its name. A store's own name leads straight to its pod. */
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
      // By number: renaming a port would otherwise leave the old pods without endpoints during the rollout.
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
