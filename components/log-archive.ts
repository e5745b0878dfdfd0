import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { throwProblems } from "../base/problems";
import { Component, type Transform } from "./component";

export interface LogArchiveArgs {
  project: string;
  /** Location of the log bucket, such as "europe-west3" or "global". */
  location: string;
  /** Name of the log bucket. The name of a deleted bucket stays reserved for a week. */
  bucketId: string;
  /** Cluster whose container logs are kept. */
  cluster: pulumi.Input<string>;
  /** Retention in days, 1 to 3650. @default 90 */
  days?: number;
  transform?: {
    bucket?: Transform<gcp.logging.ProjectBucketConfigArgs>;
    sink?: Transform<gcp.logging.ProjectSinkArgs>;
  };
}

/** Retention that Cloud Logging accepts: 1 to 3650 days. */
export function logRetention(name: string, days = 90): number {
  throwProblems(
    `logs ${name}`,
    Number.isInteger(days) && days >= 1 && days <= 3650
      ? []
      : [{ path: "days", message: `expected 1 to 3650, got ${days}` }],
  );
  return days;
}

/**
 * A log bucket for the containers of a cluster, with longer retention than the 30 days of the project's default bucket.
 * The default bucket no longer stores these logs, which would be paid twice: select the log bucket in the Logs Explorer.
 *
 * @example
 * new LogArchive("logs", { project, location: "europe-west3", bucketId: "prod", cluster: cluster.cluster.name });
 */
export class LogArchive extends Component {
  readonly bucket: gcp.logging.ProjectBucketConfig;
  readonly sink: gcp.logging.ProjectSink;
  /** Excludes the logs from the project's default sink. */
  readonly exclusion: gcp.logging.ProjectExclusion;

  constructor(name: string, args: LogArchiveArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:LogArchive", name, opts);
    const { project, location, bucketId, cluster, days, transform = {} } = args;
    this.bucket = this.child(
      gcp.logging.ProjectBucketConfig,
      "bucket",
      {
        project,
        location,
        bucketId,
        retentionDays: logRetention(name, days),
        description: "Logs of containers. Created by Longshore",
      },
      { transform: transform.bucket },
    );
    const filter = pulumi.interpolate`resource.type="k8s_container" AND resource.labels.cluster_name="${cluster}"`;
    this.sink = this.child(
      gcp.logging.ProjectSink,
      "sink",
      {
        project,
        destination: pulumi.interpolate`logging.googleapis.com/${this.bucket.id}`,
        filter,
        uniqueWriterIdentity: true,
      },
      { transform: transform.sink },
    );
    this.exclusion = this.child(
      gcp.logging.ProjectExclusion,
      "exclusion",
      { project, filter, description: `Stored in ${bucketId} instead. Created by Longshore` },
      // Never before the sink stores them.
      { dependsOn: [this.sink] },
    );
    this.registerOutputs({});
  }
}
