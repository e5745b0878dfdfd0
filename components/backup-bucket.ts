import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { throwProblems } from "../base/problems";
import { Component, stateful, type Lifecycle, type Transform } from "./component";

export interface BackupBucketArgs {
  project: string;
  /** Location of the bucket. Choose another region than the data's, to survive the loss of that region. */
  location: string;
  /**
   * Days after which the bucket deletes every dump, also the newest of a datastore whose dumps fail.
   * @default - the bucket deletes no complete dump; Longshore's dump jobs delete old ones after a new dump
   */
  keepDays?: number;
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: { bucket?: Transform<gcp.storage.BucketArgs> };
}

/** Name prefixes of objects that a killed dump leaves, and days after which the bucket deletes them. */
const UNFINISHED = { age: 2, matchesPrefixes: [".part-", ".number-"] };
/** Days for which a deleted dump can be restored (soft delete). */
const SOFT_DELETE_DAYS = 7;
const DAY = 24 * 60 * 60;

/** Arguments of the bucket as plain data. @throws ProblemsError when `keepDays` would not keep dumps */
export function backupBucketSpec(name: string, { location, keepDays }: BackupBucketArgs, protect: boolean) {
  throwProblems(
    `backups ${name}`,
    keepDays === undefined || (Number.isInteger(keepDays) && keepDays >= 1)
      ? []
      : [{ path: "keepDays", message: `expected a whole number from 1, got ${keepDays}` }],
  );
  return {
    location,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    softDeletePolicy: { retentionDurationSeconds: SOFT_DELETE_DAYS * DAY },
    lifecycleRules: [
      { action: { type: "Delete" }, condition: UNFINISHED },
      ...(keepDays === undefined ? [] : [{ action: { type: "Delete" }, condition: { age: keepDays } }]),
    ],
    forceDestroy: !protect,
  };
}

/**
 * A private bucket for dumps. Deletes what killed dumps leave, and on request old dumps.
 *
 * @example
 * const backups = new BackupBucket("backups", { project, location: "europe-west3" });
 * backups.allow("orders-db", identity.account.member);
 */
export class BackupBucket extends Component {
  readonly bucket: gcp.storage.Bucket;
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: BackupBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:data:BackupBucket", name, opts);
    const { project, lifecycle = "retain", transform } = args;
    const spec = backupBucketSpec(name, args, lifecycle === "retain");
    this.bucket = this.child(
      gcp.storage.Bucket,
      "bucket",
      { ...spec, project },
      { ...stateful(lifecycle), transform: transform?.bucket },
    );
    this.name = this.bucket.name;
    this.registerOutputs({ name: this.name });
  }

  /**
   * Grants an account read and write access to dumps, and nothing else. The grant is a child of the account's owner, so that
   * it is created and deleted with it, also when only one system is deployed.
   */
  allow(
    name: string,
    member: pulumi.Input<string>,
    parent: pulumi.Resource = this,
  ): gcp.storage.BucketIAMMember {
    return new gcp.storage.BucketIAMMember(
      `${name}-dumps`,
      { bucket: this.bucket.name, role: "roles/storage.objectUser", member },
      { parent },
    );
  }
}
