import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../problems";
import type { PostgresDefinition, PostgresExtension, SystemDefinition } from "../types";
import { parseCpu, parseQuantity } from "../values";

/** Extensions that each kind of PostgreSQL offers. Cloud SQL: its list of supported extensions has no TimescaleDB. */
export const EXTENSIONS: Readonly<Record<"container" | "cloud-sql", readonly PostgresExtension[]>> = {
  container: ["citext", "pg_trgm", "pgcrypto", "timescaledb", "vector"],
  "cloud-sql": ["citext", "pg_trgm", "pgcrypto", "vector"],
};

/** Smallest and largest disk of Cloud SQL in bytes: 10 GiB and 64 TiB. */
const CLOUD_SQL_DISK = [10 * 2 ** 30, 64 * 2 ** 40] as const;

/** What a datastore asks for that the chosen kind cannot give. */
export function checkDatastores(definition: SystemDefinition, settings?: PlanSettings): Problem[] {
  return definition.datastores.flatMap((datastore) => [
    ...checkPostgres(datastore),
    ...(settings ? checkKind(datastore, settings) : []),
  ]);
}

/** Versions are typed, but a catalog may be written in JavaScript or generated. */
const VERSIONS: readonly number[] = [17];

function checkPostgres({ name, version, storage, extensions, resources }: PostgresDefinition): Problem[] {
  const problems: Problem[] = [];
  if (!VERSIONS.includes(version)) {
    problems.push({ path: `${name}.version`, message: `expected 17, got ${String(version)}` });
  }
  if (!parseQuantity(storage)) {
    problems.push({
      path: `${name}.storage`,
      message: `expected a size such as 10Gi, got ${JSON.stringify(storage)}`,
    });
  }
  for (const extension of extensions.filter((one) => !EXTENSIONS.container.includes(one))) {
    problems.push({
      path: `${name}.extensions`,
      message: `expected some of ${EXTENSIONS.container.join(", ")}, got ${JSON.stringify(extension)}`,
    });
  }
  const [cpu, memory] = [resources.cpu.map(parseCpu), resources.memory.map(parseQuantity)];
  if (!cpu[0] || !cpu[1] || cpu[0] > cpu[1] || !memory[0] || !memory[1] || memory[0] > memory[1]) {
    problems.push({ path: `${name}.resources`, message: "expected [request, limit] with request ≤ limit" });
  }
  return problems;
}

function checkKind({ name, storage, extensions }: PostgresDefinition, settings: PlanSettings): Problem[] {
  const chosen = settings.datastores?.[name]?.kind;
  const kind = chosen ?? (settings.target === "gcp" ? "cloud-sql" : "container");
  const path = `datastores.${name}.kind`;
  if (kind === "cloud-sql" && settings.target !== "gcp") {
    return [{ path, message: `the target ${settings.target} has no Cloud SQL`, fix: "use kind: container" }];
  }
  if (kind !== "cloud-sql") {
    return [];
  }
  const size = parseQuantity(storage) ?? 0;
  return [
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
