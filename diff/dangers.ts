import { isLoopback } from "../catalog/ip-addresses";
import { datastoreOf } from "./datastore-version";
import { lossOf } from "./replacement";
import type { Danger, DescribedStack, PropertyDifference, ResourceDifference } from "./types";

type ResourceChange = Omit<ResourceDifference, "dangers">;

/** Facts that a rule needs in addition to the change. */
export interface Circumstances extends Pick<DescribedStack, "lifecycle"> {
  /** Whether the stack is new, so that nothing uses it yet. */
  readonly isNewStack: boolean;
  /** Inputs of a created resource. */
  readonly created?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether the workload of the resource remains; for a resource that a whole system shares, whether any workload
   * remains.
   */
  readonly remains: boolean;
}

/** A dangerous kind of change: returns its consequence, or undefined. */
type Rule = (difference: ResourceChange, circumstances: Circumstances) => Danger | undefined;

const dataLost: Rule = ({ operation, type }, { lifecycle }) => {
  const loss = operation === "delete" || operation === "replace" ? lossOf(type, lifecycle) : undefined;
  const blocked = lifecycle === "retain" ? "; blocked by lifecycle: retain" : "";
  return loss && loss + blocked;
};

/** A rule about single properties of updated or replaced resources. */
function property(
  types: RegExp,
  path: RegExp,
  judge: (found: PropertyDifference, all: readonly PropertyDifference[]) => string | undefined,
): Rule {
  return ({ operation, type, properties }) => {
    if (operation === "create" || operation === "delete" || !types.test(type)) {
      return undefined;
    }
    const found = properties.filter((one) => path.test(one.path)).map((one) => judge(one, properties));
    return found.find((one) => one !== undefined);
  };
}

const POD = /^(apps|batch)\/v1\/|^v1\/Pod$|^compose\/service$/;

/** Only for existing services: the policies of a new one are created with it. */
const connectionsChanged: Rule = ({ operation, type, properties }, { remains }) => {
  if (type !== "networking.k8s.io/v1/NetworkPolicy") {
    return undefined;
  }
  if (operation === "delete") {
    return remains ? "NetworkPolicy removed: any pod may connect" : undefined;
  }
  const added = properties.filter(({ path, kind, after }) =>
    /(^|\.)policyTypes/.test(path)
      ? kind !== "add"
      : kind !== "remove" && after !== "[]" && /(^|\.)(ingress|egress)([. ]|$)/.test(path),
  );
  return added.length > 0 ? "allowed connections change" : undefined;
};

const EXPOSED = "published beyond loopback: other machines can connect";

const PUBLISHED: Readonly<Record<string, RegExp>> = {
  "networking.k8s.io/v1/Ingress": /^spec\.rules\./,
  "compose/service": /^ports\./,
};

const addressAdded: Rule = ({ operation, type, properties }) => {
  const added = properties.filter(({ path, kind }) => kind !== "remove" && PUBLISHED[type]?.test(path));
  if (operation !== "update" || added.length === 0) {
    return undefined;
  }
  return type === "compose/service" && added.some(({ after }) => isExposed(after))
    ? EXPOSED
    : "served at a new address";
};

/** Whether a published port of Compose, such as `0.0.0.0:443:8080`, is bound to another address than loopback. */
function isExposed(port: unknown): boolean {
  const host = /^\[?(.+?)\]?:\d+:\d+$/.exec(String(port))?.[1];
  return host !== undefined && !isLoopback(host);
}

/** A created resource that exposes something in an environment that is already in use. */
const exposureCreated: Rule = ({ operation, type }, { created, isNewStack }) => {
  if (operation !== "create" || isNewStack) {
    return undefined;
  }
  if (type === "compose/service") {
    return [created?.["ports"] ?? []].flat().some(isExposed) ? EXPOSED : undefined;
  }
  const { type: kind } = (created?.["spec"] ?? {}) as { type?: string };
  const isOutside = type === "v1/Service" && (kind === "LoadBalancer" || kind === "NodePort");
  return isOutside || type === "networking.k8s.io/v1/Ingress" ? "exposed outside the cluster" : undefined;
};

/** A replaced resource is unavailable until its replacement is ready. */
const resourceUnavailable: Rule = ({ operation, type }) =>
  operation === "replace" &&
  /^(apps\/v1\/Deployment|v1\/Service|networking\.k8s\.io\/v1\/Ingress)$/.test(type)
    ? "unavailable until the replacement is ready"
    : undefined;

/** Database privileges are statements in the script of the roles job. */
const privilegesAdded: Rule = ({ operation, type, properties }) => {
  const isText = type === "v1/ConfigMap" || type === "compose/file";
  const isWider = ({ path, kind }: PropertyDifference) =>
    (kind === "add" && / (GRANT|ALTER DEFAULT PRIVILEGES\b.* GRANT)\b/.test(path)) ||
    (kind === "remove" && / (REVOKE)\b/.test(path)) ||
    (kind === "add" && /\b(SUPERUSER|CREATEROLE|CREATEDB|BYPASSRLS|REPLICATION)\b/.test(path));
  return isText && operation === "update" && properties.some(isWider)
    ? "a database role gains privileges"
    : undefined;
};

const serviceExposed: Rule = property(/^v1\/Service$/, /(^|\.)type$/, ({ after }) =>
  after === "LoadBalancer" || after === "NodePort" ? "exposed outside the cluster" : undefined,
);

const tlsDisabled: Rule = property(/^compose\/service$/, /^labels\.longshore\.scheme$/, ({ after }) =>
  after === "https" ? undefined : "served without TLS",
);

const limitRemoved: Rule = property(POD, /\.limits\.|\.limits$/, ({ kind, path }) =>
  kind === "remove" ? `${lastOf(path)} limit removed` : undefined,
);

const hardeningRelaxed: Rule = property(
  POD,
  /(readOnlyRootFilesystem|runAsNonRoot|allowPrivilegeEscalation|privileged|capabilities\.add|hostNetwork|hostPID|read_only|cap_add|exception-)/,
  ({ path, kind, after }) => {
    const strict = /(readOnlyRootFilesystem|runAsNonRoot|read_only)$/.test(path);
    const isWeaker = strict
      ? after !== true
      : kind !== "remove" && after !== false && after !== "{}" && after !== "[]";
    return isWeaker ? `hardening relaxed (${lastOf(path)})` : undefined;
  },
);

const replicasReduced: Rule = property(
  /^apps\/v1\/Deployment$|^autoscaling\/v2\/HorizontalPodAutoscaler$|^compose\/service$/,
  /(^|\.)(replicas|minReplicas)$/,
  ({ after }) =>
    after === 0
      ? "scaled to zero: stops serving"
      : after === 1
        ? "single replica: every restart causes downtime"
        : undefined,
);

/** From a fixed number of pods to the range of an autoscaler. */
const autoscalerAdded: Rule = property(
  /^apps\/v1\/(Deployment|StatefulSet)$/,
  /^spec\.replicas$/,
  ({ kind, before }) =>
    kind === "remove"
      ? `the autoscaler sets the number of pods from now on; the current ${String(before)} stay until it does`
      : undefined,
);

/** The claim templates of a StatefulSet are immutable: another size needs a new StatefulSet. */
const diskResized: Rule = property(
  /^apps\/v1\/StatefulSet$/,
  /^spec\.volumeClaimTemplates\b.*\.storage$/,
  ({ before, after }) => `the size of a disk (${String(before)} → ${String(after)}) cannot change in place`,
);

const disruptionBudgetRemoved: Rule = ({ operation, type }, { remains }) =>
  type === "policy/v1/PodDisruptionBudget" && operation === "delete" && remains
    ? "PodDisruptionBudget removed: a node drain may stop all replicas"
    : undefined;

const strategyRecreate: Rule = property(/^apps\/v1\/Deployment$/, /strategy\.type$/, ({ after }) =>
  after === "Recreate" ? "strategy Recreate: every rollout causes downtime" : undefined,
);

const protectionDisabled: Rule = property(
  /^gcp:/,
  /(deletionProtection|deletionProtectionEnabled|backupConfiguration\.enabled|pointInTimeRecoveryEnabled)$/,
  ({ path, after }) => (after === true ? undefined : `${lastOf(path)} disabled`),
);

const zoneRedundancyRemoved: Rule = property(/^gcp:(sql|redis)/, /(availabilityType|^tier)$/, ({ after }) =>
  after === "ZONAL" || after === "BASIC" ? "no longer survives the failure of a zone" : undefined,
);

const databaseRestarted: Rule = property(
  /^gcp:sql/,
  /settings\.(tier|edition)$/,
  () => "database restarts: about a minute of downtime",
);

const datastoreRestarted: Rule = ({ operation, type, properties }) =>
  type === "apps/v1/StatefulSet" &&
  operation === "update" &&
  properties.some(({ path }) => path.startsWith("spec.template."))
    ? "datastore with a single replica restarts"
    : undefined;

const STORE = /^apps\/v1\/StatefulSet$|^compose\/service$/;

/**
 * Another major version of a datastore. PostgreSQL and Neo4j do not read the data of another major version, and no
 * datastore reads data of a newer one.
 */
const datastoreVersion: Rule = property(STORE, /(^|[.\]])image$/, ({ before, after }) => {
  const [was, is] = [datastoreOf(before), datastoreOf(after)];
  if (!was || !is || was.name !== is.name || was.version === is.version) {
    return undefined;
  }
  const change = `${was.name} ${was.version} → ${is.version}`;
  const isOlder = Number(is.version) < Number(was.version);
  return isOlder
    ? `${change}: an older version does not read the data`
    : was.name === "PostgreSQL" || was.name === "Neo4j"
      ? `${change}: refused while the data is of ${was.version}; move the data first (docs/how-to/operations/upgrade-a-datastore.md)`
      : `${change}: the data is converted and cannot go back`;
});

const databaseUpgraded: Rule = property(
  /^gcp:sql/,
  /^databaseVersion$/,
  ({ before, after }) =>
    `in-place upgrade ${String(before)} → ${String(after)}: minutes of downtime, and Cloud SQL has no way back but a backup`,
);

const partitionsRemoved: Rule = property(
  /^gcp:managedkafka\/topic/,
  /^partitionCount$/,
  ({ before, after }) =>
    typeof before === "number" && typeof after === "number" && after < before
      ? `Kafka cannot remove partitions: the update will fail (${before} → ${after})`
      : undefined,
);

const databaseExposed: Rule = property(
  /^gcp:sql/,
  /ipv4Enabled$|authorizedNetworks|sslMode$/,
  ({ path, kind, after }) =>
    kind === "remove" || after === false ? undefined : `allowed connections change (${lastOf(path)})`,
);

const RULES: readonly Rule[] = [
  dataLost,
  connectionsChanged,
  addressAdded,
  exposureCreated,
  resourceUnavailable,
  privilegesAdded,
  serviceExposed,
  tlsDisabled,
  limitRemoved,
  hardeningRelaxed,
  replicasReduced,
  autoscalerAdded,
  diskResized,
  disruptionBudgetRemoved,
  strategyRecreate,
  protectionDisabled,
  zoneRedundancyRemoved,
  databaseRestarted,
  datastoreRestarted,
  datastoreVersion,
  databaseUpgraded,
  partitionsRemoved,
  databaseExposed,
];

/** The dangers of a change, each once. */
export function dangersOf(difference: ResourceChange, circumstances: Circumstances): Danger[] {
  const found = RULES.flatMap((rule) => rule(difference, circumstances) ?? []);
  return [...new Set(found)];
}

function lastOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}
