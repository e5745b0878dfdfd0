/** Labels of a container, read by the `compose` provider and by `longshore status`. */
export const LABELS = {
  system: "longshore.system",
  workload: "longshore.workload",
  kind: "longshore.kind",
  environment: "longshore.environment",
  /** Digest of the configuration files: their content is no part of what Compose compares. */
  files: "longshore.files",
  /** The network on which clients find it: joined once the container is ready. */
  network: "longshore.network",
  /** How the published port is spoken to. @default "http" */
  scheme: "longshore.scheme",
  /** The signal on which it reads its files again. @default - it looks by itself, or at its start only */
  reload: "longshore.reload",
  /** Longest run of a job in seconds. */
  timeout: "longshore.timeout",
} as const;
