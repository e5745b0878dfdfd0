import { authority, environment, http, system, text, type Vocabulary } from "../catalog/define";
import { NOBODY } from "../catalog/plan/exporter";
import {
  DEFAULT_SCRAPE_SECONDS,
  MONITORING,
  NODE,
  PROMETHEUS_IMAGE,
  RECEIVER,
  RECEIVER_PREFIX,
} from "../catalog/plan/monitoring";
import type { FileContent } from "../catalog/types";
import { alertmanagerConfiguration, prometheusConfiguration } from "../render/monitoring/configuration";
import { fill, mark } from "../render/monitoring/fill";
import { grafanaFiles } from "../render/monitoring/grafana";
import { ruleFile } from "../render/monitoring/rules";
import { TEXTFILES } from "../render/monitoring/textfiles";

/**
 * Monitoring: receives metrics from the agents of all other systems, collects those of the machine and its containers,
 * keeps them for a month, and provides dashboards and alerts. Contains no name of another system.
 */
export const monitoring = system(MONITORING, describe, { targets: ["compose"] });

function describe({ upstream, image, service, secret, setting, route }: Vocabulary): void {
  const scrapeSeconds = setting("scrapeSeconds", DEFAULT_SCRAPE_SECONDS);
  const address = setting("address", "http://127.0.0.1:8085");
  const webhook = secret("alert-webhook-url", { optionalIn: ["local", "dev", "test"] });

  const node = service(NODE, {
    image: upstream(NODE, "prom/node-exporter:v1.9.0", { user: NOBODY, runtime: "wget" }),
    // CPU, memory and load of the machine are visible in every container; the disk is that of the container's root.
    command: [
      "--collector.disable-defaults",
      ...["cpu", "diskstats", "filesystem", "loadavg", "meminfo", "stat", "time", "uname", "vmstat"].map(
        (name) => `--collector.${name}`,
      ),
      "--collector.filesystem.fs-types-exclude=^(cgroup2?|devpts|mqueue|proc|sysfs|tmpfs)$",
      // Ages of backups, which the command line writes.
      "--collector.textfile",
      `--collector.textfile.directory=${TEXTFILES}`,
      "--log.format=json",
    ],
    ports: { metrics: 9100 },
    live: http("/"),
    metrics: { port: "metrics", path: "/metrics" },
    volumes: [{ volume: "textfiles", path: TEXTFILES, size: "1Gi" }],
    resources: { cpu: ["20m", "250m"], memory: ["24Mi", "96Mi"] },
  });

  const containers = service("containers", {
    image: image("exporters", {
      context: "services/monitoring/exporters",
      contexts: { shared: "services/shared/python" },
      runtime: "python",
    }),
    command: ["python", "-m", "exporters.containers"],
    ports: { metrics: 9323 },
    live: http("/livez"),
    ready: http("/readyz"),
    metrics: { port: "metrics", path: "/metrics" },
    resources: { cpu: ["20m", "500m"], memory: ["32Mi", "128Mi"] },
    exceptions: [
      {
        allow: "engine-socket",
        reason:
          "State, restarts and limits of containers are known to their engine only. It asks, and changes nothing.",
      },
    ],
  });

  const alertmanager = service("alertmanager", {
    image: upstream("alertmanager", "prom/alertmanager:v0.28.1", { user: NOBODY, runtime: "wget" }),
    command: [
      "--config.file=/etc/alertmanager/alertmanager.yml",
      "--storage.path=/alertmanager",
      text`--web.external-url=${address}/alertmanager`,
      "--web.route-prefix=/alertmanager",
      // A single instance for one machine: no cluster peers.
      "--cluster.listen-address=",
      "--log.format=json",
    ],
    ports: { http: 9093 },
    env: { ALERT_WEBHOOK_URL: webhook },
    files: {
      "/etc/alertmanager/alertmanager.yml": {
        whenSet: webhook,
        then: alertmanagerConfiguration({ url_file: "/run/secrets/alert-webhook-url" }),
        otherwise: alertmanagerConfiguration(),
      },
    },
    // The receiver is secret and unknown here. On Compose, any egress permits all hosts.
    egress: ["alerts.example.com:443"],
    live: http("/alertmanager/-/ready"),
    metrics: { port: "http", path: "/alertmanager/metrics" },
    volumes: [{ volume: "data", path: "/alertmanager", size: "1Gi", private: true }],
    resources: { cpu: ["20m", "500m"], memory: ["32Mi", "128Mi"] },
  });

  const prometheus = service(RECEIVER, {
    image: upstream("prometheus", PROMETHEUS_IMAGE, { user: NOBODY, runtime: "wget" }),
    command: [
      "--config.file=/etc/prometheus/prometheus.yml",
      "--storage.tsdb.path=/prometheus",
      text`--storage.tsdb.retention.time=${setting("retentionDays", 30)}d`,
      "--web.enable-remote-write-receiver",
      text`--web.external-url=${address}${RECEIVER_PREFIX}`,
      `--web.route-prefix=${RECEIVER_PREFIX}`,
      "--log.format=json",
    ],
    ports: { http: 9090 },
    files: {
      "/etc/prometheus/prometheus.yml": fill(
        prometheusConfiguration({
          alertmanager: mark("alertmanager"),
          targets: [
            { service: RECEIVER, address: "127.0.0.1:9090", path: `${RECEIVER_PREFIX}/metrics` },
            { service: "alertmanager", address: mark("alertmanager"), path: "/alertmanager/metrics" },
            { service: NODE, address: mark("node"), honorLabels: true },
            { service: "containers", address: mark("containers"), honorLabels: true },
          ],
        }),
        {
          scrapeSeconds,
          environment,
          alertmanager: authority(alertmanager.http),
          node: authority(node.metrics),
          containers: authority(containers.metrics),
        },
      ),
      "/etc/prometheus/rules.yml": fill(ruleFile(mark("alertDelay")), {
        alertDelay: setting("alertDelay", "2m"),
      }),
    },
    live: http(`${RECEIVER_PREFIX}/-/healthy`),
    ready: http(`${RECEIVER_PREFIX}/-/ready`),
    // After a crash, Prometheus replays its WAL.
    startup: "5m",
    metrics: { port: "http", path: `${RECEIVER_PREFIX}/metrics` },
    volumes: [{ volume: "data", path: "/prometheus", size: "20Gi", private: true }],
    resources: { cpu: ["100m", "1"], memory: ["256Mi", "1Gi"] },
    shares: ["metrics"],
  });

  const grafana = service("grafana", {
    image: upstream("grafana", "grafana/grafana:11.6.4", { user: 472, runtime: "wget" }),
    ports: { http: 3000 },
    env: {
      GF_SERVER_ROOT_URL: address,
      // Grafana reads a setting from a file with the suffix `__FILE`.
      GF_SECURITY_ADMIN_PASSWORD_: secret("grafana-admin-password", { from: "generated", signIn: "admin" }),
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
      GF_LOG_MODE: "console",
      GF_LOG_CONSOLE_FORMAT: "json",
      GF_USERS_ALLOW_SIGN_UP: "false",
    },
    files: Object.fromEntries(
      Object.entries(grafanaFiles(mark("prometheus"))).map(([path, content]): [string, FileContent] => [
        path,
        fill(content, { prometheus: text`${prometheus.http}${RECEIVER_PREFIX}` }),
      ]),
    ),
    live: http("/api/health"),
    metrics: { port: "http", path: "/metrics" },
    volumes: [{ volume: "data", path: "/var/lib/grafana", size: "1Gi", private: true }],
    // Prometheus serves the same data.
    dispensable: true,
    resources: { cpu: ["50m", "1"], memory: ["128Mi", "512Mi"] },
  });

  route(RECEIVER_PREFIX, prometheus.http);
  route("/alertmanager", alertmanager.http);
  route("/", grafana.http);
}
