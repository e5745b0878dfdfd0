import type { Workload } from "../../catalog/plan/types";
import { metadataOf, type Context } from "./context";
import { claimSpec } from "./files";
import { renderJob } from "./job";
import { replicasOf, selectorOf } from "./names";
import { podTemplate } from "./pod";
import { pullSecrets } from "./pull-secret";
import { headlessName } from "./service";
import type { KubernetesObject } from "./types";

/** Returns the controller of a workload. Workloads with volumes need a stable identity per pod. */
export function controllerKind({ kind, volumes }: Workload): "Deployment" | "StatefulSet" | "Job" {
  if (kind === "job") {
    return "Job";
  }
  return kind === "store" || volumes.length > 0 ? "StatefulSet" : "Deployment";
}

/** Renders the controller of the workload's pods. */
export function renderController<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  switch (controllerKind(workload)) {
    case "Job":
      return renderJob(context, workload);
    case "StatefulSet":
      return renderStatefulSet(context, workload);
    case "Deployment":
      return renderDeployment(context, workload);
  }
}

/** Renders the workload's ServiceAccount, without a token: no pod uses the Kubernetes API. */
export function renderServiceAccount<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadataOf(context, workload, workload.name, context.options.accountAnnotations?.(workload)),
    automountServiceAccountToken: false,
    ...pullSecrets(context),
  };
}

/** Renders a Deployment. The rollout starts a new pod before it stops an old one. */
function renderDeployment<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(context, workload),
    spec: {
      ...replicas(workload),
      selector: { matchLabels: selectorOf(context.plan, workload.name) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      ...progressDeadline(workload),
      template: podTemplate(context, workload),
    },
  };
}

function renderStatefulSet<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  const claims = workload.volumes.map(({ name, size }) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: claimSpec(context, size),
  }));
  const whenDeleted = context.options.lifecycle === "ephemeral" ? "Delete" : "Retain";
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: metadataOf(context, workload),
    spec: {
      serviceName: headlessName(workload),
      ...replicas(workload),
      selector: { matchLabels: selectorOf(context.plan, workload.name) },
      updateStrategy: { type: "RollingUpdate" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: "Retain" },
      template: podTemplate(context, workload),
      ...(claims.length > 0 && { volumeClaimTemplates: claims }),
    },
  };
}

/** Kubernetes' default progress deadline in seconds. */
const DEFAULT_DEADLINE = 600;
/** Seconds before a pod's container starts: scheduling, a new node, pulling the image. */
const UNTIL_START = 480;

/** Returns a progress deadline that covers the startup time of a pod. */
function progressDeadline({ probes }: Workload) {
  const seconds = probes.startupSeconds + UNTIL_START;
  return seconds > DEFAULT_DEADLINE ? { progressDeadlineSeconds: seconds } : {};
}

/** Returns the number of replicas, unless an autoscaler sets it: an update would override the autoscaler. */
function replicas(workload: Workload) {
  return workload.scale.kind === "fixed" ? { replicas: replicasOf(workload).max } : {};
}
