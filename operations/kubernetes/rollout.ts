import type { Controller } from "./objects";

/** What a rollout still waits for; undefined when it is complete. */
export function remaining({ metadata, spec, status = {} }: Controller): string | undefined {
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas, readyReplicas = 0 } = status;
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    return "its controller has not seen the change";
  }
  if (updatedReplicas < wanted) {
    return `${updatedReplicas} of ${wanted} pods are new`;
  }
  if (replicas > updatedReplicas) {
    return `${replicas - updatedReplicas} old pods are ending`;
  }
  const ready = availableReplicas ?? readyReplicas;
  return ready < wanted ? `${ready} of ${wanted} pods are ready` : undefined;
}

/** Why a rollout will not complete by itself; undefined while it may. The status of an earlier rollout says nothing. */
export function failureOf({ metadata, status }: Controller): string | undefined {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    return undefined;
  }
  const stuck = status?.conditions?.find(
    ({ type, status: is, reason }) =>
      (type === "Progressing" && is === "False" && reason === "ProgressDeadlineExceeded") ||
      (type === "ReplicaFailure" && is === "True"),
  );
  return stuck && (stuck.message ?? stuck.reason);
}
