import { isDeepStrictEqual } from "node:util";
import type { Plan, PlannedDatastore, Workload } from "../../catalog/plan/types";
import { loginOf } from "./objects";
import { NEO4J, type BackupScripts } from "./scripts";

/** How a datastore on this machine is dumped and restored, beside its container. */
export interface BackupJob {
  /** What the names of its dumps begin with. */
  readonly name: string;
  readonly scripts: BackupScripts;
  /** Secrets are files that the container has already. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  /** Whether its container has to be stopped meanwhile. */
  readonly standsStill: boolean;
  /**
   * Services to replace after a restore. Clients of Neo4j wait for the last change that they know of (bookmarks), and
   * a restored graph never had it.
   */
  readonly restarts: readonly string[];
}

/** @returns undefined where there is nothing to keep: a cache, a log of messages, a managed service */
export function backupJobOf({ system, workloads }: Plan, datastore: PlannedDatastore): BackupJob | undefined {
  const own = workloads.find(({ name }) => name === datastore.name);
  if (datastore.kind !== "container" || !own) {
    return undefined;
  }
  const name = `${system}-${datastore.name}`;
  if (datastore.engine === "neo4j") {
    return {
      name,
      scripts: NEO4J,
      env: {},
      user: own.user,
      standsStill: true,
      restarts: clientsOf(workloads, own),
    };
  }
  const login = loginOf(datastore, "127.0.0.1");
  // The file that the container itself has it in; a rotation writes the new value there.
  const password = own.secretFiles.find(({ value }) => isDeepStrictEqual(value, login?.secret.value));
  if (!login || !password) {
    return undefined;
  }
  const variables = [...login.env, { name: login.secret.variable, value: password.path }];
  const env = Object.fromEntries(variables.map((one) => [one.name, one.value]));
  return { name, scripts: login.scripts, env, user: own.user, standsStill: false, restarts: [] };
}

function clientsOf(workloads: readonly Workload[], store: Workload): string[] {
  return workloads
    .filter(
      ({ kind, connects }) =>
        kind === "service" && connects.some((to) => to.to === "workload" && to.workload === store.name),
    )
    .map(({ name }) => name);
}
