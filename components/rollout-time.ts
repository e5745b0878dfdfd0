import type { ObjectData } from "./kubernetes-object";

/** Seconds that the Kubernetes provider waits for a controller unless told otherwise. */
const PROVIDER_WAIT = 600;
/** Seconds for scheduling, a new node and pulling the image, before a pod's own time begins. */
const UNTIL_START = 480;

interface Container {
  readonly startupProbe?: { readonly failureThreshold?: number; readonly periodSeconds?: number };
}

interface ControllerSpec {
  readonly replicas?: number;
  readonly activeDeadlineSeconds?: number;
  readonly progressDeadlineSeconds?: number;
  readonly template?: {
    readonly spec?: {
      readonly containers?: readonly Container[];
      readonly terminationGracePeriodSeconds?: number;
    };
  };
}

/**
 * Seconds that a deployment waits for a controller: the time that its description allows, for one pod after another.
 * Undefined where the provider's own ten minutes are enough.
 *
 * @param pods number of pods where an autoscaler sets it. @default - as the object says
 */
export function rolloutSeconds({ kind, spec }: ObjectData, pods?: number): number | undefined {
  const {
    replicas = 1,
    activeDeadlineSeconds,
    progressDeadlineSeconds = 0,
    template,
  } = (spec ?? {}) as ControllerSpec;
  const { containers = [], terminationGracePeriodSeconds: grace = 30 } = template?.spec ?? {};
  if (kind === "Job") {
    return activeDeadlineSeconds === undefined ? undefined : beyondDefault(activeDeadlineSeconds + 60);
  }
  const starts = containers.map(
    ({ startupProbe: { failureThreshold = 0, periodSeconds = 0 } = {} }) => failureThreshold * periodSeconds,
  );
  const start = Math.max(progressDeadlineSeconds, UNTIL_START + Math.max(0, ...starts));
  return beyondDefault(Math.max(1, pods ?? replicas) * (start + grace));
}

function beyondDefault(seconds: number): number | undefined {
  return seconds > PROVIDER_WAIT ? seconds : undefined;
}
