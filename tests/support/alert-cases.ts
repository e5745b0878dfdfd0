/** Series with which an alert fires, in promtool's notation: start, step and count at one sample per 15 seconds. */
export interface AlertCase {
  readonly series: Readonly<Record<string, string>>;
  /** Time at which the alert must fire. */
  readonly at: string;
  /** Expected labels of the alert, without its name, state and severity. */
  readonly labels: Readonly<Record<string, string>>;
}

const WEB = { system: "shop", service: "web" };
const DB = { system: "shop", service: "db" };
const SHOP = { system: "shop" };
const web = 'system="shop", service="web", kind="service", container="shop-web-1"';
const other = 'system="shop", service="api", kind="service", container="shop-api-1"';
const db = 'system="shop", service="db", job="store"';
const agent = 'up{job="agent", system="shop", service="metrics-agent"}';

/** Certificates of two systems that end after these days, and one of a system that was taken down. */
function certificates(shop: number, wiki: number): Record<string, string> {
  const end = (system: string) =>
    `longshore_certificate_not_after_timestamp_seconds{system="${system}", service="edge"}`;
  const running = (system: string) =>
    `container_running{system="${system}", service="edge", kind="edge", container="${system}-edge-1"}`;
  return {
    [end("shop")]: `${shop * 86_400}x100`,
    [end("wiki")]: `${wiki * 86_400}x100`,
    [end("gone")]: "86400x100",
    [running("shop")]: "1x100",
    [running("wiki")]: "1x100",
  };
}

/** Cases by alert. Some include a second series for which the alert must not fire. */
export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  ContainerDown: {
    series: { [`container_running{${web}}`]: "1x8 0x40", [`container_running{${other}}`]: "1x60" },
    at: "5m",
    labels: WEB,
  },
  ContainerUnready: {
    series: { [`container_healthy{${web}}`]: "1x8 0x40", [`container_healthy{${other}}`]: "1x60" },
    at: "5m",
    labels: WEB,
  },
  ContainerRestarting: {
    series: {
      [`container_restarts_total{${web}}`]: "0+1x20",
      [`container_restarts_total{${other}}`]: "7x20",
    },
    at: "5m",
    labels: WEB,
  },
  ContainerOutOfMemory: {
    series: { [`container_oom_killed{${web}}`]: "0x4 1x20", [`container_oom_killed{${other}}`]: "0x24" },
    at: "3m",
    labels: WEB,
  },
  JobFailed: {
    series: {
      'container_exit_code{system="shop", service="migrate", kind="job", container="shop-migrate-1"}': "1x20",
      'container_exit_code{system="shop", service="seed", kind="job", container="shop-seed-1"}': "0x20",
      [`container_exit_code{${web}}`]: "137x20",
    },
    at: "3m",
    labels: { system: "shop", service: "migrate" },
  },
  MemoryNearLimit: {
    series: {
      [`container_memory_working_set_bytes{${web}}`]: "95x60",
      [`container_spec_memory_limit_bytes{${web}}`]: "100x60",
      [`container_memory_working_set_bytes{${other}}`]: "50x60",
      [`container_spec_memory_limit_bytes{${other}}`]: "100x60",
    },
    at: "12m",
    labels: WEB,
  },
  CpuNearLimit: {
    series: {
      [`container_cpu_usage_seconds_total{${web}}`]: "0+7.2x120",
      [`container_spec_cpu_cores{${web}}`]: "0.5x120",
      [`container_cpu_usage_seconds_total{${other}}`]: "0+7.2x120",
      [`container_spec_cpu_cores{${other}}`]: "2x120",
    },
    at: "25m",
    labels: WEB,
  },
  ErrorRatioHigh: {
    series: {
      'http_requests_total{system="shop", service="web", route="/buy", status="200"}': "0+9x60",
      'http_requests_total{system="shop", service="web", route="/buy", status="500"}': "0+1x60",
      'http_requests_total{system="shop", service="api", route="/buy", status="200"}': "0+99x60",
      'http_requests_total{system="shop", service="api", route="/buy", status="500"}': "0+1x60",
      // Failing probes have a separate alert.
      'http_requests_total{system="shop", service="api", route="/readyz", status="503"}': "0+50x60",
    },
    at: "10m",
    labels: WEB,
  },
  LatencyHigh: {
    series: {
      'http_requests_total{system="shop", service="web", route="/buy", status="200"}': "0+10x120",
      'http_request_duration_seconds_bucket{system="shop", service="web", route="/buy", le="1"}': "0+5x120",
      'http_request_duration_seconds_bucket{system="shop", service="web", route="/buy", le="5"}': "0+10x120",
      'http_request_duration_seconds_bucket{system="shop", service="web", route="/buy", le="+Inf"}':
        "0+10x120",
    },
    at: "20m",
    labels: WEB,
  },
  EdgeDown: {
    series: {
      'nginx_up{system="shop", service="edge"}': "0x40",
      'nginx_up{system="todo", service="edge"}': "1x40",
    },
    at: "5m",
    labels: { system: "shop", service: "edge" },
  },
  PostgresDown: { series: { [`pg_up{${db}}`]: "0x40" }, at: "5m", labels: { ...DB, job: "store" } },
  PostgresConnectionsHigh: {
    series: {
      [`pg_stat_activity_count{${db}, datname="shop", state="idle"}`]: "60x60",
      [`pg_stat_activity_count{${db}, datname="shop", state="active"}`]: "30x60",
      [`pg_settings_max_connections{${db}}`]: "100x60",
    },
    at: "10m",
    labels: DB,
  },
  PostgresLongTransaction: {
    series: {
      [`pg_stat_activity_max_tx_duration{${db}, datname="shop", state="idle in transaction"}`]: "1000x20",
      'pg_stat_activity_max_tx_duration{system="todo", service="db", state="idle"}': "5000x20",
    },
    at: "3m",
    labels: DB,
  },
  PostgresDeadlocks: {
    series: { [`pg_stat_database_deadlocks{${db}, datname="shop"}`]: "0x4 1x20" },
    at: "4m",
    labels: DB,
  },
  RedisDown: { series: { [`redis_up{${db}}`]: "0x40" }, at: "5m", labels: { ...DB, job: "store" } },
  RedisMemoryHigh: {
    series: {
      [`redis_memory_used_bytes{${db}}`]: "95x80",
      [`redis_memory_max_bytes{${db}}`]: "100x80",
      // Without a memory limit the alert does not apply.
      'redis_memory_used_bytes{system="todo", service="cache"}': "95x80",
      'redis_memory_max_bytes{system="todo", service="cache"}': "0x80",
    },
    at: "15m",
    labels: { ...DB, job: "store" },
  },
  RedisConnectionsRejected: {
    series: { [`redis_rejected_connections_total{${db}}`]: "0x4 3x20" },
    at: "4m",
    labels: DB,
  },
  KafkaDown: { series: { [`kafka_up{${db}}`]: "0x40" }, at: "5m", labels: { ...DB, job: "store" } },
  KafkaLagGrowing: {
    series: {
      [`kafka_consumergroup_lag{${db}, consumergroup="slow", topic="orders", partition="0"}`]: "2000+10x120",
      // A large lag that is decreasing.
      [`kafka_consumergroup_lag{${db}, consumergroup="late", topic="orders", partition="0"}`]: "90000-10x120",
    },
    at: "25m",
    labels: { ...DB, consumergroup: "slow", topic: "orders" },
  },
  KafkaConsumersGone: {
    series: {
      [`kafka_consumergroup_lag{${db}, consumergroup="mail", topic="orders", partition="0"}`]: "10x40",
      [`kafka_consumergroup_members{${db}, consumergroup="mail"}`]: "0x40",
      [`kafka_consumergroup_lag{${db}, consumergroup="done", topic="orders", partition="0"}`]: "0x40",
      [`kafka_consumergroup_members{${db}, consumergroup="done"}`]: "0x40",
    },
    at: "8m",
    labels: { ...DB, consumergroup: "mail" },
  },
  BackupTooOld: {
    series: {
      // Samples are at 0 to 90 minutes: the dump is due after 60.
      [`longshore_backup_due_timestamp_seconds{${db}}`]: "3600x360",
      // A dump in time moves the time that the next one is due.
      'longshore_backup_due_timestamp_seconds{system="shop", service="cache"}': "3600x100 90000x260",
      // A system that was taken down has no containers.
      'longshore_backup_due_timestamp_seconds{system="gone", service="db"}': "3600x360",
      'container_running{system="shop", service="db", kind="store", container="shop-db-1"}': "1x360",
      'container_running{system="shop", service="cache", kind="store", container="shop-cache-1"}': "1x360",
      'container_running{system="gone", service="web", kind="service", container="gone-web-1"}': "1x360",
    },
    at: "80m",
    labels: DB,
  },
  CertificateExpiring: { series: certificates(10, 60), at: "20m", labels: { ...SHOP, service: "edge" } },
  CertificateAlmostExpired: { series: certificates(2, 10), at: "20m", labels: { ...SHOP, service: "edge" } },
  DiskAlmostFull: {
    series: {
      'node_filesystem_avail_bytes{mountpoint="/"}': "5x60",
      'node_filesystem_size_bytes{mountpoint="/"}': "100x60",
    },
    at: "10m",
    labels: { mountpoint: "/" },
  },
  DiskFilling: {
    series: { 'node_filesystem_avail_bytes{mountpoint="/"}': "100000-20x1000" },
    at: "4h",
    labels: { mountpoint: "/" },
  },
  MachineMemoryLow: {
    series: { node_memory_MemAvailable_bytes: "5x80", node_memory_MemTotal_bytes: "100x80" },
    at: "15m",
    labels: {},
  },
  MachineCpuBusy: {
    series: {
      'node_cpu_seconds_total{mode="idle", cpu="0"}': "0+0.5x120",
      'node_cpu_seconds_total{mode="user", cpu="0"}': "0+14.5x120",
    },
    at: "25m",
    labels: {},
  },
  MetricsMissing: {
    series: {
      // A stopped replica is no longer a target, so its series ends.
      'up{job="service", system="shop", service="web", instance="10.0.0.2:8000"}': "1x8 stale",
      'up{job="service", system="shop", service="api", instance="10.0.0.3:8000"}': "1x60",
      [agent]: "1x60",
      [`container_running{${web}}`]: "0x60",
      [`container_running{${other}}`]: "1x60",
    },
    at: "8m",
    labels: WEB,
  },
  AgentSilent: {
    series: {
      [agent]: "1x8 stale",
      // The workload has no remaining target to watch.
      'up{job="agent", system="todo", service="metrics-agent"}': "1x8 stale",
      [`container_running{${web}}`]: "1x60",
    },
    at: "10m",
    labels: SHOP,
  },
  SamplesDropped: {
    series: {
      'prometheus_remote_storage_samples_failed_total{job="agent", system="shop", remote_name="a"}': "0+5x80",
      'prometheus_remote_storage_samples_failed_total{job="agent", system="todo", remote_name="a"}': "5x80",
    },
    at: "16m",
    labels: SHOP,
  },
  RulesFailing: {
    series: { 'prometheus_rule_evaluation_failures_total{rule_group="a"}': "0x4 2x20" },
    at: "4m",
    labels: { rule_group: "a" },
  },
  AlertsNotSent: {
    series: { 'alertmanager_notifications_failed_total{integration="webhook"}': "0+1x60" },
    at: "11m",
    labels: {},
  },
};
