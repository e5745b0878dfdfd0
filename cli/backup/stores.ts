import { join, resolve } from "node:path";
import { backupJobOf, type BackupJob } from "../../render/backup/machine";
import { dataDir } from "../../tools/paths";
import { usage } from "../support/failure";
import { loadPlans } from "../support/plans";
import type { Terminal } from "../support/terminal";
import type { Store } from "./job";
import type { Container } from "../compose/docker";
import { findService, survey, type MachineSurvey } from "../compose/survey";

/** A datastore in the catalog, running or not. */
export interface KnownStore {
  readonly system: string;
  readonly store: string;
  readonly job: BackupJob;
  /** The container to dump. @default - no container runs */
  readonly container?: Container;
  /** State of a container that does not run, such as `exited`. */
  readonly state: string;
}

/** Finds datastores by name. @throws Failure if a name is not a datastore with data */
export async function storesOf(
  stack: string,
  only: readonly string[],
  names: readonly string[],
  terminal: Terminal,
): Promise<{ found: MachineSurvey; stores: readonly KnownStore[] }> {
  const found = await survey(stack, only, onCluster, terminal);
  const { plans } = loadPlans(stack, only);
  const all = plans.flatMap((plan) =>
    plan.datastores.flatMap((datastore) => {
      const job = backupJobOf(plan, datastore);
      return job === undefined ? [] : [{ system: plan.system, store: datastore.name, job }];
    }),
  );
  const wanted =
    names.length === 0
      ? all.filter((one) => found.containers.some((container) => isOf(container, one)))
      : names.map((name) => {
          const { system, service } = findService(found, name);
          const one = all.find((each) => each.system === system && each.store === service);
          if (!one) {
            const known = all.map((each) => `${each.system}/${each.store}`).join(", ");
            throw usage(`${system}/${service}: backup is not supported; datastores with a backup: ${known}`);
          }
          return one;
        });
  const stores = wanted.map((one): KnownStore => {
    const own = found.containers.filter((each) => isOf(each, one));
    const container = own.find(({ state }) => state === "running");
    return { ...one, state: own.at(-1)?.state ?? "absent", ...(container && { container }) };
  });
  if (stores.length === 0) {
    throw usage(`no datastore with a backup runs on stack ${stack}`);
  }
  return { found, stores };
}

/** Requires a running datastore. @throws Failure if it does not run */
export function running(store: KnownStore): Store {
  const { container, system } = store;
  if (!container) {
    throw usage(
      `${system}/${store.store}: does not run (${store.state})\nfix: bin/longshore up --system ${system}`,
    );
  }
  return { ...store, container };
}

export function isOf(
  { system, service }: Pick<Container, "system" | "service">,
  one: { system: string; store: string },
): boolean {
  return system === one.system && service === one.store;
}

export const defaultFolder = (stack: string): string => join(dataDir(), "backups", stack);

export function folderOf(
  to: string | undefined,
  stack: string,
  { system, store }: { readonly system: string; readonly store: string },
): string {
  return join(to === undefined ? defaultFolder(stack) : resolve(to), system, store);
}

const onCluster = (system: string): string =>
  `kubectl --namespace ${system} create job --from=cronjob/STORE-dump STORE-dump-now (docs/how-to/backups.md)`;
