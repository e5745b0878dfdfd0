import { BackupBucket } from "@longshore/components";

/** A private bucket for dumps, in another region than the data, that deletes them after 90 days. */
export function backupBucket(): BackupBucket {
  return new BackupBucket("dumps", { project: "acme-prod", location: "europe-west4", keepDays: 90 });
}
