import { yamlText } from "../../yaml/write";
import type { SystemDefinition } from "../types";
import type { DatastorePlan } from "./datastores";
import { exporter, NOBODY, type Exporter } from "./exporter";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf } from "./store";
import type { Connection, PlannedImage, Workload } from "./types";

/** The system to which all other systems send their metrics. */
export const MONITORING = "monitoring";
/** Its service that receives metrics, reachable by this name on the network that all agents share. */
export const RECEIVER = "prometheus";
export const RECEIVER_PORT = 9090;
/** Path prefix of the receiver's pages and API. */
export const RECEIVER_PREFIX = "/prometheus";
export const PROMETHEUS_IMAGE = "prom/prometheus:v2.53.3";
/** Its service that exports metrics of the machine. */
export const NODE = "node";

/**
 * Name of the agent that collects a system's metrics. It connects to all workloads with metrics and to the receiver,
 * and accepts no connections.
 */
export const AGENT = "metrics-agent";
/** Name of the exporter of the reverse proxy's metrics. */
export const EDGE_EXPORTER = "edge-exporter";
/** Status endpoint of the reverse proxy, on a network that only it and the exporter share. */
export const EDGE_STATUS = { host: "edge", port: 8082, path: "/status" } as const;

export const DEFAULT_SCRAPE_SECONDS = 15;
const CONFIG = "/etc/prometheus/agent.yml";

/**
 * Plans the workloads that monitoring adds to a system: the exporters of its datastores and reverse proxy, and the
 * agent.
 */
export function planMonitoring(
  { name: system, routes }: SystemDefinition,
  { monitoring }: PlanSettings,
  services: readonly Workload[],
  stores: readonly DatastorePlan[],
): { readonly images: readonly PlannedImage[]; readonly workloads: readonly Workload[] } {
  if (!monitoring) {
    return { images: [], workloads: [] };
  }
  const ofStores = stores.flatMap(({ exporter: one }) => one ?? []);
  const exporters = [...ofStores, ...(routes.length > 0 ? [edgeExporter()] : [])];
  const targets = [
    ...services.flatMap((workload) => targetOf(workload, "service", workload.name)),
    ...exporters.flatMap(({ workload }) =>
      targetOf(
        workload,
        workload.name === EDGE_EXPORTER ? "edge" : "store",
        workload.name.replace(/-exporter$/, ""),
      ),
    ),
  ];
  const image: PlannedImage = {
    name: AGENT,
    source: { kind: "upstream", reference: PROMETHEUS_IMAGE },
    user: NOBODY,
    runtime: "wget",
  };
  return {
    images: [image, ...exporters.map((one) => one.image)],
    workloads: [agent(monitoring.scrapeSeconds, system, targets), ...exporters.map((one) => one.workload)],
  };
}

function edgeExporter(): Exporter {
  return exporter({
    of: "edge",
    // The official image contains no program for a health check. The exporter's own metrics show whether it works.
    image: {
      source: { kind: "upstream", reference: "nginx/nginx-prometheus-exporter:1.4.1" },
      user: 1001,
      runtime: "none",
    },
    port: 9113,
    health: undefined,
    container: {
      command: [`--nginx.scrape-uri=http://${EDGE_STATUS.host}:${EDGE_STATUS.port}${EDGE_STATUS.path}`],
    },
  });
}

interface ScrapeTarget {
  /** Name of the scraped workload. */
  readonly workload: string;
  readonly port: number;
  readonly path: string;
  /** Kind of the workload that the metrics describe. */
  readonly job: "service" | "store" | "edge";
  /** Name of the workload that the metrics describe. */
  readonly service: string;
}

function targetOf({ name, metrics }: Workload, job: ScrapeTarget["job"], service: string): ScrapeTarget[] {
  return metrics ? [{ workload: name, ...metrics, job, service }] : [];
}

function agent(scrapeSeconds: number, system: string, targets: readonly ScrapeTarget[]): Workload {
  const probe = {
    check: { kind: "http", path: "/-/ready", port: RECEIVER_PORT },
    intervalSeconds: 10,
    timeoutSeconds: 3,
    failures: 3,
  } as const;
  return {
    ...containerOf(AGENT, AGENT, NOBODY),
    kind: "service",
    command: [
      `--config.file=${CONFIG}`,
      "--enable-feature=agent",
      "--log.format=json",
      // Samples that could not be sent within an hour are dropped, because the folder is in memory.
      "--storage.agent.path=/prometheus",
      "--storage.agent.retention.max-time=1h",
      "--storage.agent.wal-truncate-frequency=15m",
      // The agent is on the networks of all its targets, so it must not accept their connections.
      `--web.listen-address=127.0.0.1:${RECEIVER_PORT}`,
    ],
    configFiles: [{ path: CONFIG, content: agentConfiguration(scrapeSeconds, system, targets) }],
    probes: { live: probe, ready: probe, startupSeconds: 60 },
    resources: planResources({ cpu: ["20m", "500m"], memory: ["64Mi", "256Mi"] }),
    writable: ["/prometheus"],
    connects: targets
      .map(({ workload, port }): Connection => ({ to: "workload", workload, port }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    shares: ["metrics"],
  };
}

/**
 * Returns the agent's configuration. DNS resolves a workload's name to the addresses of all replicas; each is a target.
 */
export function agentConfiguration(
  scrapeSeconds: number,
  system: string,
  targets: readonly ScrapeTarget[],
): string {
  const configuration = {
    global: {
      scrape_interval: `${scrapeSeconds}s`,
      scrape_timeout: `${Math.min(10, scrapeSeconds)}s`,
      external_labels: { system },
    },
    remote_write: [
      {
        url: `http://${RECEIVER}:${RECEIVER_PORT}${RECEIVER_PREFIX}/api/v1/write`,
        queue_config: { max_shards: 4, batch_send_deadline: "2s", max_backoff: "10s" },
      },
    ],
    scrape_configs: [
      ...targets.map(({ workload, port, path, job, service }) => ({
        job_name: workload,
        metrics_path: path,
        // Limits the agent's and the receiver's memory if a service creates too many label values.
        sample_limit: 20_000,
        dns_sd_configs: [{ names: [workload], type: "A", port, refresh_interval: `${scrapeSeconds}s` }],
        relabel_configs: [
          { target_label: "job", replacement: job },
          { target_label: "service", replacement: service },
        ],
      })),
      {
        job_name: AGENT,
        static_configs: [
          { targets: [`127.0.0.1:${RECEIVER_PORT}`], labels: { job: "agent", service: AGENT } },
        ],
      },
    ],
  };
  return `# What is collected of ${system}. Written by Longshore.\n${yamlText(configuration)}`;
}
