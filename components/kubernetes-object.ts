import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** A Kubernetes object as plain data; any scalar may be an Output. */
export interface ObjectData {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: pulumi.Input<string>;
    readonly namespace?: pulumi.Input<string>;
    readonly labels?: Readonly<Record<string, pulumi.Input<string>>>;
    readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  };
  /** Fields of the kind; the cluster validates them. */
  readonly spec?: object;
  /** Secret only: values by key. */
  readonly stringData?: Readonly<Record<string, pulumi.Input<string>>>;
  /** ServiceAccount only: whether its pods mount an API token by default. */
  readonly automountServiceAccountToken?: boolean;
}

type ObjectClass = new (
  name: string,
  args: never,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/** Typed classes, so that the state has the same types as a handwritten program's. */
const CLASSES: Readonly<Record<string, ObjectClass>> = {
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy":
    kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy,
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding":
    kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding,
  "apps/v1/Deployment": kubernetes.apps.v1.Deployment,
  "apps/v1/StatefulSet": kubernetes.apps.v1.StatefulSet,
  "autoscaling/v2/HorizontalPodAutoscaler": kubernetes.autoscaling.v2.HorizontalPodAutoscaler,
  "batch/v1/CronJob": kubernetes.batch.v1.CronJob,
  "batch/v1/Job": kubernetes.batch.v1.Job,
  "networking.k8s.io/v1/Ingress": kubernetes.networking.v1.Ingress,
  "networking.k8s.io/v1/NetworkPolicy": kubernetes.networking.v1.NetworkPolicy,
  "policy/v1/PodDisruptionBudget": kubernetes.policy.v1.PodDisruptionBudget,
  "rbac.authorization.k8s.io/v1/Role": kubernetes.rbac.v1.Role,
  "rbac.authorization.k8s.io/v1/RoleBinding": kubernetes.rbac.v1.RoleBinding,
  "v1/ConfigMap": kubernetes.core.v1.ConfigMap,
  "v1/LimitRange": kubernetes.core.v1.LimitRange,
  "v1/Namespace": kubernetes.core.v1.Namespace,
  "v1/PersistentVolumeClaim": kubernetes.core.v1.PersistentVolumeClaim,
  "v1/ResourceQuota": kubernetes.core.v1.ResourceQuota,
  "v1/Secret": kubernetes.core.v1.Secret,
  "v1/Service": kubernetes.core.v1.Service,
  "v1/ServiceAccount": kubernetes.core.v1.ServiceAccount,
};

/** Creates the resource of an object; a kind without SDK class becomes a CustomResource. */
export function kubernetesObject(
  name: string,
  object: ObjectData,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const Class = CLASSES[`${object.apiVersion}/${object.kind}`];
  return Class
    ? new Class(name, object as never, opts)
    : new kubernetes.apiextensions.CustomResource(name, object, opts);
}

/** `HorizontalPodAutoscaler` → `horizontal-pod-autoscaler` */
export function kebabKind(kind: string): string {
  return kind.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
}
