import type { Workload } from "../../catalog/plan/types";
import type { Context } from "./context";
import { labelsOf } from "./names";
import type { KubernetesObject } from "./types";

type Allowed = Workload["exceptions"][number]["allow"];

interface Validation {
  /** CEL expression. `variables` are those of the policy. */
  readonly expression: string;
  readonly message: string;
}

/** Variables that the API server evaluates once per object, in this order. */
const VARIABLES = [
  { name: "pod", expression: "has(object.spec.template) ? object.spec.template.spec : object.spec" },
  {
    name: "containers",
    expression: ["containers", "initContainers", "ephemeralContainers"]
      .map((list) => `(has(variables.pod.${list}) ? variables.pod.${list} : [])`)
      .join(" + "),
  },
  {
    name: "account",
    expression: "has(variables.pod.serviceAccountName) ? variables.pod.serviceAccountName : 'default'",
  },
];

/** Pods and their controllers, so that applying a controller already reports violations. */
const RESOURCES = [
  { group: "", resources: ["pods", "pods/ephemeralcontainers"] },
  { group: "apps", resources: ["daemonsets", "deployments", "replicasets", "statefulsets"] },
  { group: "batch", resources: ["jobs"] },
];

/**
 * Renders a policy that the API server enforces on every pod of the namespace, independent of its creator. Pods may
 * have at most the privileges of the rendered pods. The catalog's exceptions apply only to the service account of their
 * workload. The policy is stricter than Pod Security's `restricted` (read-only root file systems, digests). It also
 * applies where an exception lowers the namespace's own level. Requires Kubernetes 1.30.
 */
export function renderAdmissionPolicy<T>(context: Context<T>): KubernetesObject<T>[] {
  const { plan, namespace } = context;
  const name = `longshore-${namespace}-pods`;
  const labels = labelsOf(plan);
  const policy = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name, labels },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: RESOURCES.map(({ group, resources }) => ({
          apiGroups: [group],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources,
        })),
      },
      variables: VARIABLES,
      validations: validations(context).map(({ expression, message }) => ({
        expression,
        message,
        reason: "Forbidden",
      })),
    },
  };
  const binding = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name, labels },
    spec: {
      policyName: name,
      validationActions: ["Deny", "Audit"],
      matchResources: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      },
    },
  };
  return [policy, binding];
}

function validations<T>({ plan: { workloads }, options }: Context<T>): Validation[] {
  const account = (allow: Allowed) =>
    `variables.account in ${listOf(
      workloads
        .filter(({ exceptions }) => exceptions.some((one) => one.allow === allow))
        .map(({ name }) => name),
    )}`;
  const security = "c.securityContext";
  const eachContainer = (condition: string) => `variables.containers.all(c, ${condition})`;
  return [
    {
      expression: eachContainer(
        `!has(${security}) || !has(${security}.privileged) || !${security}.privileged`,
      ),
      message: "privileged containers are not allowed",
    },
    {
      expression: eachContainer(
        `has(${security}) && has(${security}.allowPrivilegeEscalation) && !${security}.allowPrivilegeEscalation`,
      ),
      message: "expected allowPrivilegeEscalation: false on every container",
    },
    {
      expression: eachContainer(
        `has(${security}) && has(${security}.capabilities) && has(${security}.capabilities.drop) && 'ALL' in ${security}.capabilities.drop` +
          ` && (!has(${security}.capabilities.add) || ${security}.capabilities.add.all(added, added == 'NET_BIND_SERVICE' && ${account("net-bind-service")}))`,
      ),
      message:
        "expected every container to drop ALL capabilities and to add none that the catalog does not except",
    },
    {
      expression: eachContainer(
        `(has(${security}) && has(${security}.runAsNonRoot) ? ${security}.runAsNonRoot : ${podSecurity("runAsNonRoot")})` +
          ` && (!has(${security}) || !has(${security}.runAsUser) || ${security}.runAsUser > 0)`,
      ),
      message: "expected runAsNonRoot: true and a user other than 0",
    },
    {
      expression:
        "!(has(variables.pod.securityContext) && has(variables.pod.securityContext.runAsUser)) || variables.pod.securityContext.runAsUser > 0",
      message: "expected a user other than 0",
    },
    {
      expression: `${account("writable-root")} || ${eachContainer(
        `has(${security}) && has(${security}.readOnlyRootFilesystem) && ${security}.readOnlyRootFilesystem`,
      )}`,
      message: "expected readOnlyRootFilesystem: true on every container",
    },
    {
      expression: eachContainer(
        `has(${security}) && has(${security}.seccompProfile) ? ${security}.seccompProfile.type == 'RuntimeDefault'` +
          ` : has(variables.pod.securityContext) && has(variables.pod.securityContext.seccompProfile) && variables.pod.securityContext.seccompProfile.type == 'RuntimeDefault'`,
      ),
      message: "expected the seccomp profile RuntimeDefault",
    },
    {
      expression: ["hostNetwork", "hostPID", "hostIPC"]
        .map((field) => `(!has(variables.pod.${field}) || !variables.pod.${field})`)
        .join(" && "),
      message: "the node's network, processes and IPC are not for pods",
    },
    {
      expression: eachContainer(
        "!has(c.ports) || c.ports.all(port, !has(port.hostPort) || port.hostPort == 0)",
      ),
      message: "ports of the node are not for pods",
    },
    {
      expression: `!has(variables.pod.volumes) || variables.pod.volumes.all(v, !has(v.hostPath) || variables.account + ' ' + v.hostPath.path in ${listOf(nodePaths(workloads))})`,
      message: "folders of the node are not for pods, except devices that the catalog names",
    },
    ...(options.requireDigests
      ? [
          {
            expression: eachContainer("c.image.matches('@sha256:[0-9a-f]{64}$')"),
            message: "expected images by digest, as name@sha256:…",
          },
        ]
      : []),
  ];
}

/** Returns the CEL expression of a boolean in the pod's security context, with the default false. */
function podSecurity(field: string): string {
  const security = "variables.pod.securityContext";
  return `(has(${security}) && has(${security}.${field}) && ${security}.${field})`;
}

/** Returns `account /dev/…` for every device that the catalog permits a workload to use. */
function nodePaths(workloads: readonly Workload[]): string[] {
  return workloads.flatMap(({ name, exceptions }) =>
    exceptions.flatMap((one) => (one.allow === "device" ? [`${name} ${one.path}`] : [])),
  );
}

/** Returns a CEL list of texts. Names and paths of the catalog need no escaping. */
function listOf(texts: readonly string[]): string {
  return `[${[...texts]
    .sort()
    .map((text) => `'${text}'`)
    .join(", ")}]`;
}
