import { EXTENSION_IMAGES } from "../plan/postgres";
import type { PostgresVersion } from "../choices";
import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import type { PostgresDefinition, PostgresExtension } from "../types";
import { parseQuantity } from "../../base/quantities";

/** Extensions that each kind of PostgreSQL supports. TimescaleDB is not in Cloud SQL's list of supported extensions. */
export const EXTENSIONS: Readonly<Record<"container" | "cloud-sql", readonly PostgresExtension[]>> = {
  container: ["citext", "pg_trgm", "pgcrypto", "timescaledb", "vector"],
  "cloud-sql": ["citext", "pg_trgm", "pgcrypto", "vector"],
};

/** Minimum and maximum disk size of Cloud SQL in bytes: 10 GiB and 64 TiB. */
const CLOUD_SQL_DISK = [10 * 2 ** 30, 64 * 2 ** 40] as const;

/**
 * Major versions that the pinned release of an extension supports. TimescaleDB 2.19 supports none after 17, and a dump
 * can only be restored into the same release of it.
 */
const EXTENSION_VERSIONS: Readonly<Partial<Record<PostgresExtension, readonly PostgresVersion[]>>> = {
  timescaledb: [17],
};

/** Reports extensions that are not available in a major version. */
function checkVersion(
  path: string,
  version: PostgresVersion,
  extensions: readonly PostgresExtension[],
): Problem[] {
  return extensions.flatMap((extension) => {
    const supported = EXTENSION_VERSIONS[extension];
    return supported === undefined || supported.includes(version)
      ? []
      : [
          {
            path,
            message: `expected ${supported.join(" or ")} with the extension ${extension}, got ${version}`,
          },
        ];
  });
}

export function checkPostgres({ name, version, extensions }: PostgresDefinition): Problem[] {
  const apart = extensions.filter((one) => EXTENSION_IMAGES[one] !== undefined);
  return [
    ...checkVersion(`${name}.version`, version, extensions),
    ...(apart.length > 1
      ? [
          {
            path: `${name}.extensions`,
            message: `no published image has both ${apart.join(" and ")}`,
            fix: "use a datastore for each",
          },
        ]
      : []),
  ];
}

/** Reports options that Cloud SQL does not support, if the settings select it. */
export function checkCloudSql(
  { name, storage, extensions }: PostgresDefinition,
  settings: PlanSettings,
): Problem[] {
  const chosen = settings.datastores?.[name]?.kind;
  const kind = chosen ?? (settings.target === "gcp" ? "cloud-sql" : "container");
  const path = `datastores.${name}.kind`;
  const version = settings.datastores?.[name]?.version;
  const versions =
    version === undefined ? [] : checkVersion(`datastores.${name}.version`, version, extensions);
  if (kind === "cloud-sql" && settings.target !== "gcp") {
    return [
      ...versions,
      { path, message: `the target ${settings.target} has no Cloud SQL`, fix: "use kind: container" },
    ];
  }
  if (kind !== "cloud-sql") {
    return kind === "container"
      ? versions
      : [{ path, message: `expected container or cloud-sql for PostgreSQL, got ${kind}` }];
  }
  const size = parseQuantity(storage) ?? 0;
  return [
    ...versions,
    ...extensions
      .filter(
        (extension) =>
          EXTENSIONS.container.includes(extension) && !EXTENSIONS["cloud-sql"].includes(extension),
      )
      .map((extension) => ({
        path,
        message: `Cloud SQL does not offer the extension ${extension}`,
        fix: "use kind: container (PostgreSQL in the cluster), or remove the extension",
      })),
    ...(size > 0 && (size < CLOUD_SQL_DISK[0] || size > CLOUD_SQL_DISK[1])
      ? [{ path: `${name}.storage`, message: `Cloud SQL has disks of 10Gi to 64Ti, got ${storage}` }]
      : []),
  ];
}
