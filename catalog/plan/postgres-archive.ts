import { ARCHIVE_SCRIPT, HEALTH_SCRIPT, RECOVER_SCRIPT } from "./postgres-archive-scripts";
import { planResources } from "./resources";
import { containerOf, startFile } from "./store";
import type { Login, PlannedPostgres, Workload } from "./types";

/** Name of the archive's workload. */
export const archiveName = (datastore: string): string => `${datastore}-archive`;
/** Name of the datastore that a workload archives. */
export const archivedBy = (workload: string): string => workload.replace(/-archive$/, "");

const SCRIPT = "/etc/longshore/archive.sh";
/** Path of the health check, which only an archive has. */
export const ARCHIVE_HEALTH = "/etc/longshore/archive-health.sh";
const RECOVER = "/etc/longshore/recover.sh";
const HBA = "/etc/longshore/pg_hba.conf";
/** Folder of the archive in its volume, which only the datastore's user can read. */
export const ARCHIVE = "archive";
/** Daily base backups of a week and their WAL, compressed. */
const SIZE_FACTOR = 3;
/** Minutes between two base backups. */
const BASE_MINUTES = 24 * 60;
/** Seconds between two confirmations that everything is archived. */
const CONFIRM_SECONDS = 10;
const MEBIBYTE = 2 ** 20;

export interface ArchiveImage {
  readonly user: number;
  /** Path that the image declares as a volume. Mounting the archive there avoids an anonymous volume. */
  readonly folder: string;
}

/** Plans the container that archives a database's WAL and takes its base backups. */
export function archiveWorkload(
  { name, port, storage, roles, extensions }: PlannedPostgres,
  { login, keepDays }: { readonly login: Login; readonly keepDays: number },
  { user, folder }: ArchiveImage,
): Workload {
  return {
    ...containerOf(name, archiveName(name), user),
    kind: "store",
    command: ["sh", SCRIPT],
    env: [
      { name: "ARCHIVE", value: `${folder}/${ARCHIVE}` },
      { name: "BASE_MINUTES", value: String(BASE_MINUTES) },
      { name: "CONFIRM_SECONDS", value: String(CONFIRM_SECONDS) },
      { name: "KEEP_DAYS", value: String(keepDays) },
      { name: "PGHOST", value: name },
      { name: "PGPORT", value: String(port) },
      { name: "PGSSLMODE", value: "disable" },
      { name: "PGUSER", value: login.name },
      { name: "PRELOAD", value: preloaded(extensions) },
      { name: "RECOVERY_USER", value: roles.admin.name },
      { name: "SCRATCH", value: folder },
    ],
    // Read again for each connection.
    secretFiles: [startFile("PGPASSWORD", login.secret)],
    configFiles: [
      { path: ARCHIVE_HEALTH, content: HEALTH_SCRIPT },
      { path: SCRIPT, content: ARCHIVE_SCRIPT },
      { path: RECOVER, content: RECOVER_SCRIPT },
    ],
    // No liveness probe: a restart would not help, and the script replaces a dead connection itself.
    probes: {
      ready: {
        check: { kind: "exec", command: ["sh", ARCHIVE_HEALTH] },
        intervalSeconds: 30,
        timeoutSeconds: 5,
        failures: 3,
      },
      startupSeconds: 120,
    },
    resources: planResources({ cpu: ["20m", "1"], memory: ["64Mi", "512Mi"] }),
    volumes: [{ name: "archive", path: folder, size: SIZE_FACTOR * storage }],
    after: [{ workload: `${name}-roles`, condition: "completed" }],
    connects: [{ to: "workload", workload: name, port }],
    graceSeconds: 10,
  };
}

/** Libraries that the server loads at its start. */
export function preloaded(extensions: PlannedPostgres["extensions"]): string {
  return extensions.includes("timescaledb") ? "timescaledb" : "";
}

/** Server options that let the archive connect and limit the WAL that is kept for it to a quarter of the storage. */
export function archiveOptions({ storage }: Pick<PlannedPostgres, "storage">): string[] {
  const megabytes = Math.max(256, Math.floor(storage / 4 / MEBIBYTE));
  return ["-c", `hba_file=${HBA}`, "-c", `max_slot_wal_keep_size=${megabytes}MB`];
}

/** The image's own access rules, and replication for the archive's login only. */
export function archiveFiles(login: Login): Workload["configFiles"] {
  const content = [
    "# Who may connect. Written by Longshore.",
    "local all all trust",
    "host all all all scram-sha-256",
    `host replication ${login.name} all scram-sha-256`,
    "",
  ].join("\n");
  return [{ path: HBA, content }];
}
