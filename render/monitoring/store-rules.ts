import type { Alert, RuleGroup } from "./types";

const BY = "by (system, service)";

const EDGE: readonly Alert[] = [
  {
    name: "EdgeDown",
    severity: "critical",
    expr: "nginx_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}: the reverse proxy is down",
    runbook:
      "The system is unreachable from outside. Check `longshore logs` of edge; `longshore up` restores it.",
  },
];

const POSTGRES: readonly Alert[] = [
  {
    name: "PostgresDown",
    severity: "critical",
    expr: "pg_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: PostgreSQL is down",
    runbook:
      "Check `longshore logs` of the database. Usual causes are a full disk and exhausted connections.",
  },
  {
    name: "PostgresConnectionsHigh",
    severity: "warning",
    expr: `sum ${BY} (pg_stat_activity_count) / max ${BY} (pg_settings_max_connections) > 0.8`,
    for: "5m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanizePercentage }} of the connections are in use",
    runbook:
      "At 100 %, new connections are rejected. Look for idle transactions; reduce connection pools or replicas of the services.",
  },
  {
    name: "PostgresLongTransaction",
    severity: "warning",
    expr: `max ${BY} (pg_stat_activity_max_tx_duration{state=~"active|idle in transaction"}) > 900`,
    for: "1m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: a transaction has been open for {{ $value | humanizeDuration }}",
    runbook:
      "It holds locks and prevents vacuum. Find it in `pg_stat_activity`; end it with `pg_terminate_backend`.",
  },
  {
    name: "PostgresDeadlocks",
    severity: "warning",
    expr: `sum ${BY} (increase(pg_stat_database_deadlocks[15m])) > 0`,
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanize }} deadlocks in 15 minutes",
    runbook: "The server's log shows both statements: make them lock rows in the same order.",
  },
];

const REDIS: readonly Alert[] = [
  {
    name: "RedisDown",
    severity: "critical",
    expr: "redis_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: Redis is down",
    runbook: "Check `longshore logs` of Redis. After a crash, it first loads its append-only file.",
  },
  {
    name: "RedisMemoryHigh",
    severity: "warning",
    expr: "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.9",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanizePercentage }} of maxmemory is used",
    runbook:
      "At 100 %, writes fail or keys are evicted, depending on `eviction`. Raise `maxMemory`, or set expiry times.",
  },
  {
    name: "RedisConnectionsRejected",
    severity: "warning",
    expr: `sum ${BY} (increase(redis_rejected_connections_total[15m])) > 0`,
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }} rejected {{ $value | humanize }} connections",
    runbook: "Clients exceed `maxclients`: look for a connection leak.",
  },
];

const KAFKA: readonly Alert[] = [
  {
    name: "KafkaDown",
    severity: "critical",
    expr: "kafka_up == 0 or kafka_brokers < 1",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: Kafka is down",
    runbook: "Check `longshore logs` of the broker. After a crash, it first recovers its partitions.",
  },
  {
    name: "KafkaLagGrowing",
    severity: "warning",
    expr: [
      "sum by (system, service, consumergroup, topic) (kafka_consumergroup_lag) > 1000",
      "and sum by (system, service, consumergroup, topic) (delta(kafka_consumergroup_lag[10m])) >= 0",
    ].join(" "),
    for: "10m",
    summary:
      "{{ $labels.system }}: {{ $labels.consumergroup }} has a lag of {{ $value | humanize }} messages in {{ $labels.topic }} that does not shrink",
    runbook:
      "Consumers are too slow or stuck: check their CPU and logs; add replicas up to the number of partitions.",
  },
  {
    name: "KafkaConsumersGone",
    severity: "critical",
    expr: [
      "sum by (system, service, consumergroup) (kafka_consumergroup_lag) > 0",
      "and sum by (system, service, consumergroup) (kafka_consumergroup_members) == 0",
    ].join(" "),
    for: "5m",
    summary:
      "{{ $labels.system }}: {{ $labels.consumergroup }} has no consumer and a lag of {{ $value | humanize }} messages",
    runbook: "The service is down or cannot join the group: check `longshore health`, then its logs.",
  },
];

/** Returns the rules for the reverse proxy and the datastores, from their exporters' metrics. */
export function storeRules(): RuleGroup[] {
  return [
    { name: "edge", recordings: [], alerts: EDGE },
    { name: "postgres", recordings: [], alerts: POSTGRES },
    { name: "redis", recordings: [], alerts: REDIS },
    { name: "kafka", recordings: [], alerts: KAFKA },
  ];
}
