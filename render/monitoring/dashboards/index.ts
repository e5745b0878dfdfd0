import type { DashboardDescription } from "./description";
import { dashboard, type Dashboard } from "./shape";

/** Selector of the filtered series. */
const CHOSEN = '{system=~"$system", service=~"$service"}';
const chosen = (more: string) => `{system=~"$system", service=~"$service", ${more}}`;
const NAME = "{{system}}/{{service}}";
const BY = "by (system, service)";
const DISK = '{mountpoint="/"}';

/** Containers and the host. */
const system: DashboardDescription = {
  name: "System",
  description: "Health of containers, and their resource usage against limits.",
  choices: "service:containers:count",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Containers down",
          kind: "stat",
          red: 1,
          queries: { down: `sum(service:containers_down:count${CHOSEN})` },
        },
        {
          title: "Containers not ready",
          kind: "stat",
          red: 1,
          queries: { unready: `sum(service:containers_unready:count${CHOSEN})` },
        },
        {
          title: "Restarts, 15 minutes",
          kind: "stat",
          red: 1,
          queries: { restarts: `sum(service:container_restarts:increase15m${CHOSEN})` },
        },
        {
          title: "Alerts firing",
          kind: "stat",
          red: 1,
          only: "compose",
          queries: { alerts: 'count(ALERTS{alertstate="firing"}) or vector(0)' },
        },
      ],
    },
    {
      title: "Usage",
      panels: [
        {
          title: "CPU usage / limit",
          unit: "percentunit",
          queries: { [NAME]: `service:cpu_saturation:ratio_rate5m${CHOSEN}` },
        },
        {
          title: "Memory usage / limit",
          unit: "percentunit",
          queries: { [NAME]: `service:memory_saturation:ratio${CHOSEN}` },
        },
        {
          title: "CPU",
          unit: "cores",
          queries: {
            [NAME]: `service:cpu_cores:rate5m${CHOSEN}`,
          },
        },
        {
          title: "Memory",
          unit: "bytes",
          queries: { [NAME]: `service:memory_bytes:sum${CHOSEN}` },
        },
        {
          title: "CPU throttling",
          only: "compose",
          unit: "percentunit",
          queries: {
            [NAME]: `sum ${BY} (rate(container_cpu_cfs_throttled_periods_total${CHOSEN}[$__rate_interval])) / sum ${BY} (rate(container_cpu_cfs_periods_total${CHOSEN}[$__rate_interval]) > 0)`,
          },
        },
        {
          title: "Network",
          unit: "Bps",
          queries: {
            [`in ${NAME}`]: `service:network_receive_bytes:rate5m${CHOSEN}`,
            [`out ${NAME}`]: `service:network_transmit_bytes:rate5m${CHOSEN}`,
          },
        },
      ],
    },
    {
      title: "Machine",
      only: "compose",
      panels: [
        {
          title: "CPU",
          unit: "percentunit",
          queries: { busy: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))' },
        },
        {
          title: "Memory",
          unit: "bytes",
          queries: {
            used: "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes",
            all: "node_memory_MemTotal_bytes",
          },
        },
        {
          title: "Docker's disk",
          unit: "bytes",
          queries: {
            used: `node_filesystem_size_bytes${DISK} - node_filesystem_avail_bytes${DISK}`,
            all: `node_filesystem_size_bytes${DISK}`,
          },
        },
        { title: "Load", queries: { "5 minutes": "node_load5", "15 minutes": "node_load15" } },
      ],
    },
  ],
};

const api: DashboardDescription = {
  name: "API",
  description: "Requests of clients and services: rate, errors and latency.",
  choices: "service:http_requests:rate5m",
  rows: [
    {
      title: "Services",
      panels: [
        { title: "Requests", unit: "reqps", queries: { [NAME]: `service:http_requests:rate5m${CHOSEN}` } },
        {
          title: "Error ratio",
          unit: "percentunit",
          queries: { [NAME]: `service:http_errors:ratio_rate5m${CHOSEN}` },
        },
        {
          title: "Latency",
          unit: "s",
          queries: {
            [`half ${NAME}`]: `service:http_latency_seconds:p50_rate5m${CHOSEN}`,
            [`95 of 100 ${NAME}`]: `service:http_latency_seconds:p95_rate5m${CHOSEN}`,
            [`99 of 100 ${NAME}`]: `service:http_latency_seconds:p99_rate5m${CHOSEN}`,
          },
        },
        { title: "Requests in flight", queries: { [NAME]: `sum ${BY} (http_requests_in_flight${CHOSEN})` } },
      ],
    },
    {
      title: "Routes",
      panels: [
        {
          title: "Requests by route",
          unit: "reqps",
          queries: {
            "{{service}} {{method}} {{route}}": `sum by (service, method, route) (rate(http_requests_total${CHOSEN}[$__rate_interval])) > 0`,
          },
        },
        {
          title: "Latency by route, 95th percentile",
          unit: "s",
          queries: {
            "{{service}} {{route}}": `histogram_quantile(0.95, sum by (service, route, le) (rate(http_request_duration_seconds_bucket${CHOSEN}[$__rate_interval])))`,
          },
        },
      ],
    },
    {
      title: "Reverse proxies",
      only: "compose",
      panels: [
        {
          title: "Requests",
          unit: "reqps",
          queries: { "{{system}}": 'rate(nginx_http_requests_total{system=~"$system"}[$__rate_interval])' },
        },
        { title: "Connections", queries: { "{{system}}": 'nginx_connections_active{system=~"$system"}' } },
      ],
    },
  ],
};

const databases: DashboardDescription = {
  name: "Databases",
  description: "PostgreSQL, Redis and Kafka, from their exporters.",
  choices: 'up{job="store"}',
  rows: [
    {
      title: "PostgreSQL",
      only: "compose",
      panels: [
        {
          title: "Connections / maximum",
          unit: "percentunit",
          queries: {
            [NAME]: `sum ${BY} (pg_stat_activity_count${CHOSEN}) / max ${BY} (pg_settings_max_connections${CHOSEN})`,
          },
        },
        {
          title: "Transactions",
          unit: "ops",
          queries: {
            [`committed ${NAME}`]: `sum ${BY} (rate(pg_stat_database_xact_commit${CHOSEN}[$__rate_interval]))`,
            [`rolled back ${NAME}`]: `sum ${BY} (rate(pg_stat_database_xact_rollback${CHOSEN}[$__rate_interval]))`,
          },
        },
        {
          title: "Cache hit ratio",
          unit: "percentunit",
          queries: {
            [NAME]: `sum ${BY} (rate(pg_stat_database_blks_hit${CHOSEN}[$__rate_interval])) / sum ${BY} (rate(pg_stat_database_blks_hit${CHOSEN}[$__rate_interval]) + rate(pg_stat_database_blks_read${CHOSEN}[$__rate_interval]) > 0)`,
          },
        },
        {
          title: "Size",
          unit: "bytes",
          queries: {
            [`${NAME} {{datname}}`]: `pg_database_size_bytes${chosen('datname!~"template.*|postgres"')}`,
          },
        },
        {
          title: "Longest transaction",
          unit: "s",
          queries: { [NAME]: `max ${BY} (pg_stat_activity_max_tx_duration${CHOSEN})` },
        },
        {
          title: "Deadlocks",
          unit: "ops",
          queries: { [NAME]: `sum ${BY} (rate(pg_stat_database_deadlocks${CHOSEN}[$__rate_interval]))` },
        },
      ],
    },
    {
      title: "Redis",
      only: "compose",
      panels: [
        {
          title: "Memory",
          unit: "bytes",
          queries: {
            [`used ${NAME}`]: `redis_memory_used_bytes${CHOSEN}`,
            [`most ${NAME}`]: `redis_memory_max_bytes${CHOSEN} > 0`,
          },
        },
        {
          title: "Commands",
          unit: "ops",
          queries: { [NAME]: `rate(redis_commands_processed_total${CHOSEN}[$__rate_interval])` },
        },
        {
          title: "Hit ratio",
          unit: "percentunit",
          queries: {
            [NAME]: `rate(redis_keyspace_hits_total${CHOSEN}[$__rate_interval]) / (rate(redis_keyspace_hits_total${CHOSEN}[$__rate_interval]) + rate(redis_keyspace_misses_total${CHOSEN}[$__rate_interval]) > 0)`,
          },
        },
        {
          title: "Clients and evicted keys",
          queries: {
            [`clients ${NAME}`]: `redis_connected_clients${CHOSEN}`,
            [`forgotten per second ${NAME}`]: `rate(redis_evicted_keys_total${CHOSEN}[$__rate_interval])`,
          },
        },
      ],
    },
    {
      title: "Kafka",
      only: "compose",
      panels: [
        {
          title: "Consumer lag",
          queries: {
            "{{consumergroup}} {{topic}}": `sum by (consumergroup, topic) (kafka_consumergroup_lag${CHOSEN})`,
          },
        },
        {
          title: "Messages",
          unit: "ops",
          queries: {
            "{{topic}}": `sum by (topic) (rate(kafka_topic_partition_current_offset${CHOSEN}[$__rate_interval]))`,
          },
        },
        { title: "Consumers", queries: { "{{consumergroup}}": `kafka_consumergroup_members${CHOSEN}` } },
        { title: "Brokers", kind: "stat", queries: { brokers: `sum(kafka_brokers${CHOSEN})` } },
      ],
    },
  ],
};

const errors: DashboardDescription = {
  name: "Errors",
  description: "Errors of requests, containers and jobs, and firing alerts.",
  choices: "service:containers:count",
  rows: [
    {
      title: "Alerts",
      only: "compose",
      panels: [
        {
          title: "Firing",
          kind: "table",
          queries: { alerts: 'ALERTS{alertstate="firing"}' },
        },
        {
          title: "Firing over time",
          queries: { "{{alertname}}": 'sum by (alertname) (ALERTS{alertstate="firing"})' },
        },
      ],
    },
    {
      title: "Responses",
      panels: [
        {
          title: "Server errors (5xx)",
          unit: "reqps",
          queries: {
            "{{service}} {{route}} {{status}}": `sum by (service, route, status) (rate(http_requests_total${chosen('status=~"5.."')}[$__rate_interval])) > 0`,
          },
        },
        {
          title: "Client errors (4xx)",
          unit: "reqps",
          queries: {
            "{{service}} {{route}} {{status}}": `sum by (service, route, status) (rate(http_requests_total${chosen('status=~"4.."')}[$__rate_interval])) > 0`,
          },
        },
      ],
    },
    {
      title: "Containers",
      panels: [
        { title: "Not ready", queries: { [NAME]: `service:containers_unready:count${CHOSEN} > 0` } },
        {
          title: "Restarts, 15 minutes",
          queries: { [NAME]: `service:container_restarts:increase15m${CHOSEN} > 0` },
        },
        {
          title: "OOM kills",
          only: "compose",
          queries: { [NAME]: `service:containers_oom_killed:count${CHOSEN} > 0` },
        },
        { title: "Failed jobs", queries: { [NAME]: `service:jobs_failed:count${CHOSEN}` } },
        { title: "Without metrics", queries: { [NAME]: `max ${BY} (up${CHOSEN}) == 0` } },
      ],
    },
  ],
};

/** All dashboards by name. Each has filters for system and service and is equal for all systems. */
export const descriptions = { system, api, errors, databases };

/** Grafana dashboards by file name. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  api: dashboard(api),
  databases: dashboard(databases),
  errors: dashboard(errors),
  system: dashboard(system),
};
