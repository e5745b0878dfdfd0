import { throwProblems, type Problem } from "../base/problems";
import { parseQuantity, type Quantity } from "../base/quantities";

export interface CloudSqlSpecArgs {
  /** Major version. @default 17 */
  version?: 15 | 16 | 17;
  /** Disk size; grows automatically and never shrinks. @default "10Gi" */
  storage?: Quantity;
  /** Machine type, as `db-custom-CPUS-MEBIBYTES`; determines the edition. @default "db-custom-1-3840" */
  tier?: string;
  /** Whether a standby in another zone takes over. @default true */
  highAvailability?: boolean;
  /** Extensions to create. An extension that Cloud SQL does not offer is an error. @default [] */
  extensions?: readonly string[];
  /** Window of point-in-time recovery, in days. @default 7 */
  recoveryDays?: number;
  /** Number of daily backups to keep. @default 14 */
  backups?: number;
  /** Maintenance window, in UTC: Google may restart the instance. @default Sunday, 04:00 */
  maintenance?: { /** 1 is Monday. */ day: number; hour: number };
}

/** Extensions of the catalog that Cloud SQL offers. Source: Cloud SQL's documentation of extensions. */
const OFFERED = [
  "vector",
  "pg_trgm",
  "pgcrypto",
  "citext",
  "hstore",
  "postgis",
  "pg_stat_statements",
  "unaccent",
];
const GIBIBYTE = 2 ** 30;

/** Arguments of the instance as plain data. @throws ProblemsError with every value that Cloud SQL rejects */
export function cloudSqlSpec(name: string, args: CloudSqlSpecArgs, protect: boolean) {
  throwProblems(`postgres ${name}`, checkCloudSql(args));
  const { version = 17, storage = "10Gi", tier = "db-custom-1-3840", highAvailability = true } = args;
  const { recoveryDays = 7, backups = 14, maintenance = { day: 7, hour: 4 } } = args;
  return {
    databaseVersion: `POSTGRES_${version}`,
    // Protects against deletion by Pulumi; `deletionProtectionEnabled` protects against other clients.
    deletionProtection: protect,
    settings: {
      // Always set: since PostgreSQL 16 the default is ENTERPRISE_PLUS, which has no custom machine types.
      edition: sqlEdition(tier),
      tier,
      availabilityType: highAvailability ? "REGIONAL" : "ZONAL",
      diskSize: Math.ceil((parseQuantity(storage) ?? 0) / GIBIBYTE),
      diskType: "PD_SSD",
      diskAutoresize: true,
      deletionProtectionEnabled: protect,
      retainBackupsOnDelete: protect,
      backupConfiguration: {
        enabled: true,
        startTime: "02:00",
        pointInTimeRecoveryEnabled: true,
        transactionLogRetentionDays: recoveryDays,
        backupRetentionSettings: { retainedBackups: backups, retentionUnit: "COUNT" },
      },
      ipConfiguration: {
        ipv4Enabled: false,
        sslMode: "ENCRYPTED_ONLY",
        // A CA of this instance alone: a certificate that it signed identifies the instance.
        serverCaMode: "GOOGLE_MANAGED_INTERNAL_CA",
      },
      insightsConfig: { queryInsightsEnabled: true, recordApplicationTags: true, recordClientAddress: false },
      maintenanceWindow: { ...maintenance, updateTrack: "stable" },
    },
  };
}

/** The only edition that offers a machine type. Source: Cloud SQL's documentation "Machine series overview". */
export function sqlEdition(tier: string): "ENTERPRISE" | "ENTERPRISE_PLUS" {
  return /^db-(perf-optimized|c4a)-/.test(tier) ? "ENTERPRISE_PLUS" : "ENTERPRISE";
}

function checkCloudSql(args: CloudSqlSpecArgs): Problem[] {
  const { storage = "10Gi", extensions = [], recoveryDays = 7, backups = 14, maintenance } = args;
  const problems: Problem[] = extensions
    .filter((extension) => !OFFERED.includes(extension))
    .map((extension) => ({
      path: "extensions",
      message: `Cloud SQL does not offer the extension ${extension}`,
      fix: "run this database in the cluster (kind: container), or leave the extension out",
    }));
  const bytes = parseQuantity(storage);
  if (bytes === undefined || bytes < 10 * GIBIBYTE) {
    problems.push({ path: "storage", message: `expected at least 10Gi, got ${storage}` });
  }
  if (recoveryDays < 1 || recoveryDays > 7) {
    problems.push({ path: "recoveryDays", message: `expected 1 to 7 days, got ${recoveryDays}` });
  }
  // Point-in-time recovery starts from an earlier backup.
  if (backups < recoveryDays || backups > 365) {
    problems.push({
      path: "backups",
      message: `expected ${recoveryDays} (recoveryDays) to 365, got ${backups}`,
    });
  }
  if (
    maintenance &&
    (maintenance.day < 1 || maintenance.day > 7 || maintenance.hour < 0 || maintenance.hour > 23)
  ) {
    problems.push({
      path: "maintenance",
      message: "expected a day from 1 (Monday) to 7 and an hour from 0 to 23",
    });
  }
  return problems;
}
