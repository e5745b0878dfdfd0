import type { Target } from "./plan/types";

/** How well a target honours a feature: as described, by other means, or not at all (then why). */
export type Support = "yes" | `by other means: ${string}` | `no: ${string}`;

export interface Feature {
  readonly name: string;
  readonly support: Readonly<Record<Target, Support>>;
}

const everywhere = (name: string): Feature => ({
  name,
  support: { compose: "yes", kubernetes: "yes", gcp: "yes" },
});
const clusters = (name: string, compose: Support): Feature => ({
  name,
  support: { compose, kubernetes: "yes", gcp: "yes" },
});

/**
 * What each target does with what the catalog can say. `docs/reference/support.md` is written from this table, and tests
 * compare both with what the renderers produce: nothing is dropped in silence.
 */
export const FEATURES: readonly Feature[] = [
  everywhere("health: `ready` decides about traffic and start order"),
  clusters(
    "health: `live` restarts a container",
    "by other means: Compose restarts a container that ends, not one that hangs; `longshore health` shows it",
  ),
  everywhere("CPU and memory limits"),
  clusters(
    "CPU and memory requests",
    "by other means: written as reservations; Docker does not schedule by them",
  ),
  everywhere("images built upon one another and with folders beside their context"),
  everywhere("jobs gate what comes after them"),
  everywhere("secrets as files of the container's user (`NAME_FILE`)"),
  everywhere("only workloads whose secret changed are replaced"),
  {
    name: "rotation of passwords, signing keys and certificates by config, without a failed request",
    support: {
      compose: "yes",
      kubernetes: "by other means: the same plan and jobs; a certificate replaces its users, new pods first",
      gcp: "by other means: as in any cluster; Memorystore makes its password itself",
    },
  },
  everywhere("read-only root, no capabilities, no new privileges, numeric user"),
  clusters("seccomp profile", "by other means: the engine's default profile"),
  clusters("`scale`: autoscaling", "no: Compose has no autoscaler; staging and prod run `min` replicas"),
  everywhere("`replicas`"),
  clusters(
    "disruption budgets and spreading over nodes",
    "no: there is one machine; a replacement starts beside the old container",
  ),
  clusters(
    "network: only declared clients connect",
    "by other means: a network per callee; two clients of one callee share it and see each other",
  ),
  {
    name: "network: `egress` to named hosts only",
    support: {
      compose: "by other means: without `egress` there is no way out; with it, every host can be reached",
      kubernetes: "by other means: NetworkPolicy knows no host names: the ports are open to public addresses",
      gcp: "by other means: NetworkPolicy knows no host names: the ports are open to public addresses",
    },
  },
  clusters("routes with TLS", "by other means: with `tls` on 127.0.0.1, by default in staging and prod"),
  {
    name: "routes: `rateLimit`",
    support: {
      compose: "yes",
      kubernetes:
        "by other means: annotations of ingress-nginx; the burst is a multiple of the rate, the answer 503 unless its `limit-req-status-code` says 429; other controllers do not know them",
      gcp: "by other means: Cloud Armor counts within ten or sixty seconds, rate and burst together",
    },
  },
  {
    name: "routes: `cors`",
    support: {
      compose: "yes",
      kubernetes: "by other means: annotations of ingress-nginx; other controllers do not know them",
      gcp: "no: other origins than the system's own are an error",
    },
  },
  {
    name: "routes: `bodyLimit`",
    support: {
      compose: "yes",
      kubernetes: "by other means: annotations of ingress-nginx; other controllers do not know them",
      gcp: "no: the load balancer passes every size; the service has to refuse",
    },
  },
  {
    name: "routes: `websocket`",
    support: {
      compose: "yes",
      kubernetes: "by other means: ingress-nginx upgrades every connection; this keeps idle ones for an hour",
      gcp: "by other means: the load balancer upgrades every connection; this keeps them for an hour, idle or not",
    },
  },
  {
    name: "routes: gzip, errors of the proxy as problem documents",
    support: {
      compose: "yes",
      kubernetes: "no: the controller decides; services compress what they serve",
      gcp: "no: the load balancer decides; services compress what they serve",
    },
  },
  {
    name: "`exceptions`: devices of the machine, without privileges",
    support: {
      compose:
        "by other means: bind mounts, a rule for their kind and groups; a device that is not there is left out, with a warning",
      kubernetes:
        "by other means: a hostPath on labelled nodes, and groups; to open a device, the node needs a runtime or device plugin that admits its kind",
      gcp: "by other means: as on other clusters, in mode standard; Autopilot offers no devices of its nodes, and services run without",
    },
  },
  clusters(
    "an admission policy for every pod of the system",
    "no: containers are rendered with the same rights",
  ),
  clusters("`nodes`: labels of nodes, also of such that keep other pods away", "no: there is one machine"),
  {
    name: "`gpu`: NVIDIA GPUs, with an image of their own",
    support: {
      compose: "yes",
      kubernetes: "yes",
      gcp: "by other means: nodes with `nvidia-l4` or the kind that `gpuType` says: Autopilot makes them, mode standard has them in `cluster.pools`",
    },
  },
  clusters("volume size", "by other means: written as a label; Docker volumes have no size"),
  {
    name: "PostgreSQL as a container",
    support: { compose: "yes", kubernetes: "yes", gcp: "yes" },
  },
  {
    name: "PostgreSQL as Cloud SQL",
    support: {
      compose: "no: asking for it is an error",
      kubernetes: "no: asking for it is an error",
      gcp: "yes",
    },
  },
  everywhere("Redis, Kafka (KRaft) and Neo4j as containers, one node each"),
  {
    name: "Redis as Memorystore",
    support: {
      compose: "no: asking for it is an error",
      kubernetes: "no: asking for it is an error",
      gcp: "by other means: for a cache; where the system asks for every write on disk, `persistence: snapshots` has to accept less",
    },
  },
  {
    name: "Kafka as Google's Managed Service",
    support: {
      compose: "no: asking for it is an error",
      kubernetes: "no: asking for it is an error",
      gcp: "yes",
    },
  },
  {
    name: "Neo4j as a managed service",
    support: {
      compose: "no: asking for it is an error",
      kubernetes: "no: asking for it is an error",
      gcp: "no: asking for it is an error",
    },
  },
  {
    name: "Kafka: logins and TLS for clients",
    support: {
      compose: "no: `PLAINTEXT` in the private network, open to the declared clients only",
      kubernetes: "no: `PLAINTEXT` in the private network, open to the declared clients only",
      gcp: "by other means: where it is managed, `SASL_SSL` with a token of who the workload is; a container has `PLAINTEXT`",
    },
  },
  everywhere("`only`: in some environments"),
  {
    name: "`profile`: started only when asked for; `publish`: a port of this machine",
    support: {
      compose: "yes",
      kubernetes: "no: left out: a tool of one person on one machine",
      gcp: "no: left out: a tool of one person on one machine",
    },
  },
  {
    name: "`metrics`: collected, with dashboards and alerts",
    support: {
      compose: "by other means: the system `monitoring`, with an agent per system",
      kubernetes: "no: objects for Google Managed Prometheus are made, and nothing applies them yet",
      gcp: "by other means: Google Managed Prometheus asks the pods and evaluates the alerts; each system has a page in Cloud Monitoring",
    },
  },
  {
    name: "metrics of Neo4j",
    support: {
      compose: "by other means: its container's only; the community edition offers none",
      kubernetes: "no: the community edition offers none",
      gcp: "no: the community edition offers none",
    },
  },
  {
    name: "`shares`: networks that systems share; the engine's socket",
    support: {
      compose: "yes",
      kubernetes: "no: asking for it is an error",
      gcp: "no: asking for it is an error",
    },
  },
  {
    name: "`develop`: mounted sources, reloading, debugger",
    support: {
      compose: "yes",
      kubernetes: "no: an image is what runs on a cluster",
      gcp: "no: an image is what runs on a cluster",
    },
  },
  {
    name: "Docker Swarm: `docker stack deploy` of the documents",
    support: {
      compose:
        "no: Swarm refuses `depends_on` with conditions, ignores `build`, `profiles`, `restart` and `security_opt`, and publishes ports on every address of a machine instead of the loopback one",
      kubernetes: "no: Swarm reads Compose documents",
      gcp: "no: Swarm reads Compose documents",
    },
  },
];

/** The table as Markdown. */
export function supportTable(features: readonly Feature[] = FEATURES): string {
  const notes: string[] = [];
  const cell = (support: Support) => {
    if (support === "yes") {
      return "yes";
    }
    const [word, note] = splitOnce(support);
    if (!notes.includes(note)) {
      notes.push(note);
    }
    return `${word} [${notes.indexOf(note) + 1}]`;
  };
  const rows = features.map(
    ({ name, support }) =>
      `| ${name} | ${cell(support.compose)} | ${cell(support.kubernetes)} | ${cell(support.gcp)} |`,
  );
  return [
    "| feature | compose | kubernetes | gcp |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    ...notes.map((note, index) => `${index + 1}. ${note}`),
    "",
  ].join("\n");
}

function splitOnce(support: string): [word: string, note: string] {
  const colon = support.indexOf(": ");
  return [support.slice(0, colon), support.slice(colon + 2)];
}
