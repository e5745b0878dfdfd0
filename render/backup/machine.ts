import { isDeepStrictEqual } from "node:util";
import { ARCHIVE, archiveName, preloaded } from "../../catalog/plan/postgres-archive";
import type { Plan, PlannedDatastore, PlannedPostgres, Workload } from "../../catalog/plan/types";
import { NEO4J } from "./neo4j";
import { loginOf } from "./objects";
import { RECOVERED_DUMP } from "./point-in-time";
import type { BackupScripts } from "./scripts";

/** How a datastore on this machine is dumped and restored by scripts in its image. */
export interface BackupJob {
  /** Prefix of the names of its dumps. */
  readonly name: string;
  readonly kind: PlannedDatastore["engine"];
  readonly scripts: BackupScripts;
  /** Variables of the scripts. Secrets are read from files that the container already has. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  /** Whether its container must be stopped for a dump and for the switch of a restore. */
  readonly requiresStop: boolean;
  /**
   * Services to restart after a restore. Neo4j clients wait for the latest transaction that they know (bookmarks),
   * which a restored graph does not contain.
   */
  readonly restarts: readonly string[];
  /** Jobs to run again after a restore, such as migrations, in start order. */
  readonly reruns: readonly string[];
  /** How its state at an earlier moment is recovered. @default - its WAL is not archived */
  readonly pointInTime?: PointInTimeJob;
}

/** Recovers PostgreSQL's state at an earlier moment from its archive, and dumps it. */
export interface PointInTimeJob {
  /** Name of the service that archives the WAL. */
  readonly archive: string;
  /** Path of the archive's volume in that service. */
  readonly mounted: string;
  /** Path of the archive's volume in the container that recovers. */
  readonly mount: string;
  /** Script that writes a dump of the state at `$TARGET_TIME` to standard output. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Returns the backup job of a datastore, or undefined when it has no data to back up: a cache, Kafka, or a managed
 * service.
 */
export function backupJobOf(plan: Plan, datastore: PlannedDatastore): BackupJob | undefined {
  const { system, workloads } = plan;
  const own = workloads.find(({ name }) => name === datastore.name);
  if (datastore.kind !== "container" || !own) {
    return undefined;
  }
  const common = {
    name: `${system}-${datastore.name}`,
    kind: datastore.engine,
    user: own.user,
    reruns: clientsOf(plan, own, "job"),
  };
  if (datastore.engine === "neo4j") {
    const restarts = clientsOf(plan, own, "service");
    return { ...common, scripts: NEO4J, env: {}, requiresStop: true, restarts };
  }
  const login = loginOf(datastore, "127.0.0.1");
  // The container's own password file, which a rotation updates.
  const password = own.secretFiles.find(({ value }) => isDeepStrictEqual(value, login?.secret.value));
  if (!login || !password) {
    return undefined;
  }
  const variables = [...login.env, { name: login.secret.variable, value: password.path }];
  const env = Object.fromEntries(variables.map((one) => [one.name, one.value]));
  const local = datastore.engine === "redis" ? { RESTORE_HOST: "127.0.0.1" } : {};
  return {
    ...common,
    scripts: login.scripts,
    env: { ...env, ...local },
    requiresStop: false,
    restarts: [],
    ...(datastore.engine === "postgres" &&
      datastore.pointInTime && { pointInTime: pointInTimeOf(datastore, own) }),
  };
}

function pointInTimeOf(
  { name, database, roles, extensions }: PlannedPostgres,
  { volumes }: Workload,
): PointInTimeJob {
  // The image declares a volume there, which its user may write to and which is removed with the container.
  const [folder = ""] = volumes.map(({ path }) => path);
  return {
    archive: archiveName(name),
    mounted: folder,
    mount: "/archive",
    script: RECOVERED_DUMP,
    env: {
      ARCHIVE: `/archive/${ARCHIVE}`,
      PGDATABASE: database,
      PRELOAD: preloaded(extensions),
      RECOVERY_USER: roles.admin.name,
      SCRATCH: folder,
    },
  };
}

/** Returns the workloads of one kind that connect to a datastore, in start order. */
function clientsOf({ workloads, startOrder }: Plan, store: Workload, kind: Workload["kind"]): string[] {
  return startOrder.filter((name) =>
    workloads.some(
      (one) =>
        one.name === name &&
        one.kind === kind &&
        one.connects.some((to) => to.to === "workload" && to.workload === store.name),
    ),
  );
}
