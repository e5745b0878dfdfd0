import { lossOf } from "./replacement";
import type { Danger, DescribedStack, PropertyDifference, ResourceDifference } from "./types";

type Undecided = Omit<ResourceDifference, "dangers">;

/** What a rule has to know besides the change. */
export interface Circumstances extends Pick<DescribedStack, "lifecycle"> {
  /** Nothing in it is used yet. */
  readonly isNewStack: boolean;
  /** What a new resource is made with. */
  readonly created?: Readonly<Record<string, unknown>> | undefined;
  /** Whether what the resource belongs to is still there afterwards: its workload; of what a whole system shares, any. */
  readonly remains: boolean;
}

/** A kind of change that a reviewer must not overlook: what it does, or nothing. */
type Rule = (difference: Undecided, circumstances: Circumstances) => Danger | undefined;

const loses: Rule = ({ operation, type }, { lifecycle }) => {
  const loss = operation === "delete" || operation === "replace" ? lossOf(type) : undefined;
  const blocked = lifecycle === "retain" ? "; blocked by lifecycle: retain" : "";
  return loss && loss + blocked;
};

/** A rule about single properties of what is updated or replaced. */
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

/** Only what an existing service loses: one that is new has its own policies, which describe it. */
const opens: Rule = ({ operation, type, properties }, { remains }) => {
  if (type !== "networking.k8s.io/v1/NetworkPolicy") {
    return undefined;
  }
  if (operation === "delete") {
    return remains ? "nothing says any more who may connect" : undefined;
  }
  const added = properties.filter(({ path, kind, after }) =>
    /(^|\.)policyTypes/.test(path)
      ? kind !== "add"
      : kind !== "remove" && after !== "[]" && /(^|\.)(ingress|egress)([. ]|$)/.test(path),
  );
  return added.length > 0 ? "who may connect to it, or where it may connect to, changes" : undefined;
};

const PUBLISHED: Readonly<Record<string, RegExp>> = {
  "networking.k8s.io/v1/Ingress": /^spec\.rules\./,
  "compose/service": /^ports\./,
};

const published: Rule = ({ operation, type, properties }) =>
  operation === "update" &&
  properties.some(({ path, kind }) => kind !== "remove" && PUBLISHED[type]?.test(path))
    ? "it is served at an address that is new"
    : undefined;

/** New in an environment that is used already: whatever it was before, now somebody outside can ask it. */
const newlyPublished: Rule = ({ operation, type }, { created, isNewStack }) => {
  if (operation !== "create" || isNewStack) {
    return undefined;
  }
  const { type: kind } = (created?.["spec"] ?? {}) as { type?: string };
  const isOutside = type === "v1/Service" && (kind === "LoadBalancer" || kind === "NodePort");
  return isOutside || type === "networking.k8s.io/v1/Ingress"
    ? "it opens an address to outside the cluster"
    : undefined;
};

/** What serves is away between the old one and the new one. */
const away: Rule = ({ operation, type }) =>
  operation === "replace" &&
  /^(apps\/v1\/Deployment|v1\/Service|networking\.k8s\.io\/v1\/Ingress)$/.test(type)
    ? "it is away until the new one is there"
    : undefined;

/** Rights in a database are statements of its roles job. */
const widened: Rule = ({ operation, type, properties }) => {
  const isText = type === "v1/ConfigMap" || type === "compose/file";
  const isWider = ({ path, kind }: PropertyDifference) =>
    (kind === "add" && / (GRANT|ALTER DEFAULT PRIVILEGES\b.* GRANT)\b/.test(path)) ||
    (kind === "remove" && / (REVOKE)\b/.test(path)) ||
    (kind === "add" && /\b(SUPERUSER|CREATEROLE|CREATEDB|BYPASSRLS|REPLICATION)\b/.test(path));
  return isText && operation === "update" && properties.some(isWider)
    ? "a role may do more in the database"
    : undefined;
};

const exposed: Rule = property(/^v1\/Service$/, /(^|\.)type$/, ({ after }) =>
  after === "LoadBalancer" || after === "NodePort" ? "it is opened to outside the cluster" : undefined,
);

const unlimited: Rule = property(POD, /\.limits\.|\.limits$/, ({ kind, path }) =>
  kind === "remove" ? `${lastOf(path)} has no limit any more` : undefined,
);

const weaker: Rule = property(
  POD,
  /(readOnlyRootFilesystem|runAsNonRoot|allowPrivilegeEscalation|privileged|capabilities\.add|hostNetwork|hostPID|read_only|cap_add|exception-)/,
  ({ path, kind, after }) => {
    const strict = /(readOnlyRootFilesystem|runAsNonRoot|read_only)$/.test(path);
    const isWeaker = strict
      ? after !== true
      : kind !== "remove" && after !== false && after !== "{}" && after !== "[]";
    return isWeaker ? `it may do more than before (${lastOf(path)})` : undefined;
  },
);

const stops: Rule = property(
  /^apps\/v1\/Deployment$|^autoscaling\/v2\/HorizontalPodAutoscaler$|^compose\/service$/,
  /(^|\.)(replicas|minReplicas)$/,
  ({ after }) =>
    after === 0 ? "it stops serving" : after === 1 ? "one copy only: every restart is a gap" : undefined,
);

const unspread: Rule = ({ operation, type }, { remains }) =>
  type === "policy/v1/PodDisruptionBudget" && operation === "delete" && remains
    ? "work on nodes may stop all of its copies at once"
    : undefined;

const recreated: Rule = property(/^apps\/v1\/Deployment$/, /strategy\.type$/, ({ after }) =>
  after === "Recreate" ? "every rollout is a gap" : undefined,
);

const unguarded: Rule = property(
  /^gcp:/,
  /(deletionProtection|deletionProtectionEnabled|backupConfiguration\.enabled|pointInTimeRecoveryEnabled)$/,
  ({ path, after }) => (after === true ? undefined : `${lastOf(path)} is switched off`),
);

const alone: Rule = property(/^gcp:(sql|redis)/, /(availabilityType|^tier)$/, ({ after }) =>
  after === "ZONAL" || after === "BASIC" ? "it does not survive the loss of a zone any more" : undefined,
);

const restarted: Rule = property(
  /^gcp:sql/,
  /settings\.(tier|edition)$/,
  () => "the database restarts: about a minute without it",
);

const restartedStore: Rule = ({ operation, type, properties }) =>
  type === "apps/v1/StatefulSet" &&
  operation === "update" &&
  properties.some(({ path }) => path.startsWith("spec.template."))
    ? "the only copy of a store restarts"
    : undefined;

const shrinks: Rule = property(/^gcp:managedkafka\/topic/, /^partitionCount$/, ({ before, after }) =>
  typeof before === "number" && typeof after === "number" && after < before
    ? `Kafka cannot take partitions away: the update will fail (${before} → ${after})`
    : undefined,
);

const open: Rule = property(
  /^gcp:sql/,
  /ipv4Enabled$|authorizedNetworks|sslMode$/,
  ({ path, kind, after }) =>
    kind === "remove" || after === false ? undefined : `who may connect changes (${lastOf(path)})`,
);

const RULES: readonly Rule[] = [
  loses,
  opens,
  published,
  newlyPublished,
  away,
  widened,
  exposed,
  unlimited,
  weaker,
  stops,
  unspread,
  recreated,
  unguarded,
  alone,
  restarted,
  restartedStore,
  shrinks,
  open,
];

export function dangersOf(difference: Undecided, circumstances: Circumstances): Danger[] {
  const found = RULES.flatMap((rule) => rule(difference, circumstances) ?? []);
  return [...new Set(found)];
}

function lastOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}
