import { setTimeout as sleep } from "node:timers/promises";
import { kubernetes as planner } from "../../offline/kubernetes";
import { isObject, isUnknown, text, type Json, type Properties } from "../../offline/values";
import { PartialError, UserError } from "../../providers/compose/errors";
import { ApiError, ClusterClient, type ClusterObject, type ObjectName } from "./cluster-client";
import { podProblems, readiness } from "./readiness";
import { withoutForeignFields } from "./ignored-fields";
import type { LabProvider, Resource } from "./server";

export interface KubernetesOptions {
  /** Milliseconds for an object to become ready, or to be deleted. @default ten minutes, as in the real provider */
  patienceMs?: number;
}

const TEN_MINUTES = 600_000;
const PAUSE_MS = 400;

/**
 * Stand-in for the Pulumi provider for Kubernetes, for machines that cannot download it. Applies objects to the real
 * API server and waits like the real one; `readiness.ts` documents the differences. For the lab and tests only.
 */
export function kubernetesProvider(options: KubernetesOptions = {}): LabProvider {
  // Evaluated at every wait, because a test changes it.
  const patience = (): number => options.patienceMs ?? TEN_MINUTES;
  const clients = new Map<string, ClusterClient>();
  const clusterOf = ({ config }: Resource): ClusterClient => {
    const [kubeconfig, context] = [text(config.kubeconfig), text(config.context)];
    const key = JSON.stringify([kubeconfig, context]);
    const client = clients.get(key) ?? new ClusterClient({ kubeconfig, context });
    clients.set(key, client);
    return client;
  };
  const apply = async (resource: Resource, preview: boolean): Promise<ClusterObject | undefined> => {
    const cluster = clusterOf(resource);
    const { ignoreChanges = [] } = resource;
    const name = resource.inputs as ObjectName & Properties;
    const live =
      ignoreChanges.length > 0 && !hasUnknown(resource.inputs) ? await cluster.get(name) : undefined;
    const inputs = live ? withoutForeignFields(resource.inputs, ignoreChanges, live) : resource.inputs;
    if (preview) {
      await tryOut(inputs, cluster);
      return undefined;
    }
    const applied = await cluster.apply(inputs as ObjectName & Properties);
    return waitUntilReady(applied, cluster, patience(), resource.inputs);
  };

  return {
    planner,
    async create(resource, preview) {
      const applied = await apply(resource, preview);
      return { id: applied ? idOf(applied) : "", outputs: outputsOf(applied) };
    },
    async update(_id, resource, preview) {
      return outputsOf(await apply(resource, preview));
    },
    async read(_id, resource) {
      const found = await clusterOf(resource).get(resource.inputs as unknown as ObjectName);
      return found && (seenAs(resource.inputs, found as unknown as Json) as Properties);
    },
    async delete(_id, resource) {
      const cluster = clusterOf(resource);
      const name = resource.inputs as unknown as ObjectName;
      const before = await cluster.get(name);
      await cluster.delete(name);
      const gone = async () => (await cluster.get(name))?.metadata.uid !== before?.metadata.uid || !before;
      if (!(await within(patience(), gone))) {
        throw new UserError(`${name.kind} ${name.metadata.name} is still there`);
      }
    },
  };
}

/** Runs a dry run on the API server for a preview, if all values are known and the namespace exists. */
async function tryOut(inputs: Properties, cluster: ClusterClient): Promise<void> {
  if (hasUnknown(inputs)) {
    return;
  }
  await cluster.apply(inputs as ObjectName & Properties, { dryRun: true }).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  });
}

function hasUnknown(value: Json): boolean {
  if (typeof value !== "object" || value === null) {
    return isUnknown(value);
  }
  return Object.values(value).some(hasUnknown);
}

/** @throws PartialError if the object exists and does not become ready */
async function waitUntilReady(
  applied: ClusterObject,
  cluster: ClusterClient,
  patienceMs: number,
  inputs: Properties,
): Promise<ClusterObject> {
  const end = Date.now() + patienceMs;
  let seen = applied;
  for (;;) {
    const state = await readiness(seen, cluster);
    if (state.is === "ready") {
      return seen;
    }
    if (state.is === "failed" || Date.now() > end) {
      const problems = await podProblems(seen, cluster).catch(() => []);
      const patience = state.is === "failed" ? "" : ` after ${Math.round(patienceMs / 1000)} s`;
      const message = [
        `${applied.kind} ${applied.metadata.name} is not ready${patience}: ${state.why}`,
        ...problems.map((line) => `  ${line}`),
      ].join("\n");
      throw new PartialError(message, idOf(seen), { ...inputs, ...outputsOf(seen) });
    }
    await sleep(PAUSE_MS);
    const next = await cluster.get(applied);
    if (!next) {
      throw new UserError(`${applied.kind} ${applied.metadata.name} was deleted while it was waited for`);
    }
    seen = next;
  }
}

async function within(patienceMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > end) {
      return false;
    }
    await sleep(PAUSE_MS);
  }
  return true;
}

function idOf({ metadata: { name, namespace } }: ClusterObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Outputs contain the inputs only. Values that the server adds are read where they are needed. */
function outputsOf(object: ClusterObject | undefined): Properties {
  return object?.metadata.uid === undefined ? {} : { metadata: { uid: object.metadata.uid } };
}

/** Existing values of the fields in the inputs. The server returns the text of Secrets in another field. */
function seenAs(inputs: Json, found: Json | undefined): Json | undefined {
  if (Array.isArray(inputs)) {
    if (!Array.isArray(found)) {
      return inputs.length === 0 ? inputs : found;
    }
    return found.map((item, index) =>
      index in inputs ? (seenAs(inputs[index] ?? null, item) ?? item) : item,
    );
  }
  if (!isObject(inputs) || !isObject(found)) {
    // The server omits empty values.
    const isEmpty = inputs === "" || (isObject(inputs) && Object.keys(inputs).length === 0);
    const isLeftOut = found === undefined && isEmpty;
    return isLeftOut ? inputs : found;
  }
  const entries = Object.entries(inputs).map(([key, value]) => [
    key,
    key === "stringData" ? value : seenAs(value, found[key]),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Json;
}
