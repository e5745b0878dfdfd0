import { BackupBucket } from "../../../components/backup-bucket";

/** A bucket for dumps, in another region than the data, that nobody can read from outside and that forgets after 90 days. */
export function backupBucket(): BackupBucket {
  return new BackupBucket("dumps", { project: "acme-prod", location: "europe-west4", keepDays: 90 });
}
