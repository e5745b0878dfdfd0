/** Labels of a container, read by the `compose` provider and by `longshore status`. */
export const LABELS = {
  system: "longshore.system",
  workload: "longshore.workload",
  kind: "longshore.kind",
  environment: "longshore.environment",
  /** Digest of the configuration files, whose content Compose does not compare. */
  files: "longshore.files",
  /** Network for the container's clients. The container joins it once it is ready. */
  network: "longshore.network",
  /** Protocol of the published port. @default "http" */
  scheme: "longshore.scheme",
  /** Signal on which the process reloads its files. @default - it watches them, or reads them only at startup */
  reload: "longshore.reload",
  /** Kind and version of the datastore that writes a volume, such as `postgres 17`. */
  data: "longshore.data",
  /** Maximum duration of a job in seconds. */
  timeout: "longshore.timeout",
} as const;
