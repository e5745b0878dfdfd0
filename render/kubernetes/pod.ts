import type { Workload } from "../../catalog/plan/types";
import { containerOf, drains } from "./container";
import type { Context } from "./context";
import { deviceGroups, nodesOf } from "./devices";
import { filesOf } from "./files";
import { labelsOf, PREFIX, replicasOf, selectorOf } from "./names";
import type { Node } from "./types";

/** Renders the pod template of a Deployment, StatefulSet or Job. */
export function podTemplate<T>(context: Context<T>, workload: Workload): Record<string, Node<T>> {
  const { plan, drainSeconds } = context;
  const annotations = annotationsOf(context, workload);
  const { volumes, mounts } = filesOf(context, workload);
  return {
    metadata: {
      labels: labelsOf(plan, workload),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      serviceAccountName: workload.name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext(workload),
      terminationGracePeriodSeconds: workload.graceSeconds + (drains(workload) ? drainSeconds : 0),
      ...(workload.kind === "job" && { restartPolicy: "Never" }),
      ...nodesOf(plan, workload),
      ...spreadOf(context, workload),
      containers: [containerOf(context, workload, mounts)],
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

function annotationsOf<T>({ options }: Context<T>, workload: Workload): Record<string, string | T> {
  const { metrics, exceptions } = workload;
  const reasons = (what: string) =>
    [...new Set(exceptions.flatMap(({ allow, reason }) => (allow === what ? [reason] : [])))].join("; ");
  const checksum = options.secretChecksum?.(workload);
  return {
    ...Object.fromEntries(exceptions.map(({ allow }) => [`${PREFIX}/exception-${allow}`, reasons(allow)])),
    ...(checksum !== undefined && { [`${PREFIX}/secrets-checksum`]: checksum }),
    ...(metrics && {
      "prometheus.io/path": metrics.path,
      "prometheus.io/port": String(metrics.port),
      "prometheus.io/scrape": "true",
    }),
  };
}

function podSecurityContext(workload: Workload) {
  const { user } = workload;
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    ...deviceGroups(workload),
    // Otherwise every start would change the ownership of all files on a volume, and PostgreSQL rejects a data folder
    // with a changed mode.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** Spreads the pods of a workload over nodes and zones, so that a failure affects only some of them. */
function spreadOf<T>({ plan }: Context<T>, workload: Workload) {
  if (workload.kind === "job" || replicasOf(workload).max < 2) {
    return {};
  }
  const labelSelector = { matchLabels: selectorOf(plan, workload.name) };
  return {
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector,
      }),
    ),
  };
}
