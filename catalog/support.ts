import type { Target } from "./plan/types";

/** Whether a target supports a feature: fully, partially (with the difference), or not at all (with the reason). */
export type Support = "yes" | `partial: ${string}` | `no: ${string}`;

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
 * Support of each catalog feature by each target. `docs/reference/support.md` is generated from this table. A target
 * either supports a feature, rejects it, or states the difference here; it never ignores it silently.
 */
export const FEATURES: readonly Feature[] = [
  everywhere("health: `ready` gates traffic and start order"),
  clusters(
    "health: `live` restarts a container",
    "partial: Docker restarts containers that exit, not ones that hang; `longshore health` reports those",
  ),
  everywhere("CPU and memory limits"),
  clusters("CPU and memory requests", "partial: rendered as reservations; Docker does not schedule by them"),
  everywhere("images with base images of the catalog and named build contexts"),
  everywhere("jobs gate the workloads after them"),
  everywhere("secrets as files of the container's user (`NAME_FILE`)"),
  everywhere("a changed secret replaces only its users"),
  {
    name: "rotation of passwords, signing keys and certificates by config, without failed requests",
    support: {
      compose: "yes",
      kubernetes: "partial: same plan and jobs; a new certificate replaces its users by a rolling update",
      gcp: "partial: as on any cluster; Memorystore generates its own password",
    },
  },
  everywhere("hardening: read-only root, no capabilities, no new privileges, numeric user"),
  clusters("seccomp profile", "partial: Docker's default profile"),
  clusters("`scale`: autoscaling", "no: Compose has no autoscaler; staging and prod run `min` replicas"),
  everywhere("`replicas`"),
  clusters(
    "disruption budgets and topology spread",
    "no: one machine; a replacement starts before the old container stops",
  ),
  clusters(
    "network: only declared clients connect",
    "partial: one network per callee; the clients of a callee share it and can reach each other",
  ),
  {
    name: "network: `egress` to named hosts only",
    support: {
      compose: "partial: without `egress`, no external host is reachable; with it, every host is",
      kubernetes: "partial: NetworkPolicy has no host names: the ports are open to all public addresses",
      gcp: "partial: NetworkPolicy has no host names: the ports are open to all public addresses",
    },
  },
  clusters(
    "routes with TLS",
    "partial: with the setting `tls` and your own certificate; enabled by default in staging and prod, except for monitoring",
  ),
  {
    name: "routes: `rateLimit`",
    support: {
      compose: "yes",
      kubernetes:
        "partial: by annotations of ingress-nginx, ignored by other controllers; the burst is a multiple of the rate, and the status 503 unless its `limit-req-status-code` is 429",
      gcp: "partial: Cloud Armor counts the sum of rate and burst per 10 or 60 seconds",
    },
  },
  {
    name: "routes: `cors`",
    support: {
      compose: "yes",
      kubernetes: "partial: by annotations of ingress-nginx; ignored by other controllers",
      gcp: "no: other origins are an error",
    },
  },
  {
    name: "routes: `bodyLimit`",
    support: {
      compose: "yes",
      kubernetes: "partial: by annotations of ingress-nginx; ignored by other controllers",
      gcp: "no: the load balancer passes every size; the service must enforce the limit",
    },
  },
  {
    name: "routes: `websocket`",
    support: {
      compose: "yes",
      kubernetes:
        "partial: ingress-nginx upgrades every connection; the option extends their idle timeout to one hour",
      gcp: "partial: the load balancer upgrades every connection; the option extends their lifetime to one hour",
    },
  },
  {
    name: "routes: gzip, proxy errors as problem documents",
    support: {
      compose: "yes",
      kubernetes: "no: depends on the controller; services compress their responses",
      gcp: "no: depends on the load balancer; services compress their responses",
    },
  },
  {
    name: "`exceptions`: devices of the machine, without privileges",
    support: {
      compose:
        "partial: bind mounts, a device cgroup rule and groups; a missing device is skipped with a warning",
      kubernetes:
        "partial: a hostPath on labelled nodes, and groups; the node needs a runtime or device plugin that permits the device",
      gcp: "partial: as on other clusters in mode standard; on Autopilot, services run without devices",
    },
  },
  clusters(
    "an admission policy for every pod of the system",
    "no: containers are rendered with the same hardening",
  ),
  clusters("`nodes`: node labels and taints", "no: one machine"),
  {
    name: "`gpu`: NVIDIA GPUs, with a separate image",
    support: {
      compose: "yes",
      kubernetes: "yes",
      gcp: "partial: nodes with `nvidia-l4` or the setting `gpuType`: created by Autopilot, declared in `cluster.pools` in mode standard",
    },
  },
  clusters("volume size", "partial: recorded as a label; Docker volumes have no size"),
  {
    name: "PostgreSQL as a container",
    support: { compose: "yes", kubernetes: "yes", gcp: "yes" },
  },
  {
    name: "PostgreSQL as a container: point-in-time recovery",
    support: {
      compose: "yes",
      kubernetes: "partial: archived with the setting `backups.pointInTime`; a restore takes steps by hand",
      gcp: "partial: archived with the setting `backups.pointInTime`; a restore takes steps by hand",
    },
  },
  {
    name: "PostgreSQL as Cloud SQL",
    support: {
      compose: "no: selecting it is an error",
      kubernetes: "no: selecting it is an error",
      gcp: "yes",
    },
  },
  everywhere("Redis, Kafka (KRaft) and Neo4j as containers, one node each"),
  {
    name: "Redis as Memorystore",
    support: {
      compose: "no: selecting it is an error",
      kubernetes: "no: selecting it is an error",
      gcp: "partial: for caches; a Redis that persists every write requires `persistence: snapshots`, which accepts hourly snapshots",
    },
  },
  {
    name: "Kafka as Google Cloud Managed Service",
    support: {
      compose: "no: selecting it is an error",
      kubernetes: "no: selecting it is an error",
      gcp: "yes",
    },
  },
  {
    name: "Neo4j as a managed service",
    support: {
      compose: "no: selecting it is an error",
      kubernetes: "no: selecting it is an error",
      gcp: "no: selecting it is an error",
    },
  },
  {
    name: "Kafka: authentication and TLS for clients",
    support: {
      compose: "no: `PLAINTEXT` in a private network that only declared clients can reach",
      kubernetes: "no: `PLAINTEXT` in a private network that only declared clients can reach",
      gcp: "partial: managed Kafka: `SASL_SSL` with a token of the workload's service account; container: `PLAINTEXT`",
    },
  },
  everywhere("`only`: parts of selected environments"),
  {
    name: "`profile`: optional services; `publish`: a port on 127.0.0.1",
    support: {
      compose: "yes",
      kubernetes: "no: omitted: a local development tool",
      gcp: "no: omitted: a local development tool",
    },
  },
  {
    name: "`metrics`: collected, with dashboards and alerts",
    support: {
      compose: "partial: the system `monitoring`, with an agent per system",
      kubernetes: "no: objects for Google Managed Prometheus are rendered but not applied yet",
      gcp: "partial: Google Managed Prometheus scrapes pods and evaluates alerts; each system has a dashboard in Cloud Monitoring",
    },
  },
  {
    name: "metrics of Neo4j",
    support: {
      compose: "partial: container metrics only; the community edition has none",
      kubernetes: "no: the community edition has none",
      gcp: "no: the community edition has none",
    },
  },
  {
    name: "`shares`: networks shared by systems; the Docker socket",
    support: {
      compose: "yes",
      kubernetes: "no: selecting it is an error",
      gcp: "no: selecting it is an error",
    },
  },
  {
    name: "`develop`: mounted sources, reloading, debugger",
    support: {
      compose: "yes",
      kubernetes: "no: clusters run built images",
      gcp: "no: clusters run built images",
    },
  },
  {
    name: "Docker Swarm: `docker stack deploy` of the documents",
    support: {
      compose:
        "no: Swarm rejects `depends_on` with conditions, ignores `build`, `profiles`, `restart` and `security_opt`, and publishes ports on every address of a machine instead of loopback",
      kubernetes: "no: Swarm reads Compose documents",
      gcp: "no: Swarm reads Compose documents",
    },
  },
];

/** Formats the support table as Markdown. */
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
