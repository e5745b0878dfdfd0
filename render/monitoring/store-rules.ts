import type { Alert, RuleGroup } from "./types";

const BY = "by (system, service)";

const EDGE: readonly Alert[] = [
  {
    name: "EdgeDown",
    severity: "critical",
    expr: "nginx_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}: the reverse proxy does not answer",
    runbook: "Nobody outside reaches the system. `longshore logs` of edge; `longshore up` puts it right.",
  },
];

const POSTGRES: readonly Alert[] = [
  {
    name: "PostgresDown",
    severity: "critical",
    expr: "pg_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: PostgreSQL does not answer",
    runbook: "`longshore logs` of the database. A full disk and used up connections are the usual reasons.",
  },
  {
    name: "PostgresConnectionsHigh",
    severity: "warning",
    expr: `sum ${BY} (pg_stat_activity_count) / max ${BY} (pg_settings_max_connections) > 0.8`,
    for: "5m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanizePercentage }} of the connections are taken",
    runbook:
      "New ones are refused at 100 %. Look for idle transactions; lower the services' pools or their replicas.",
  },
  {
    name: "PostgresLongTransaction",
    severity: "warning",
    expr: `max ${BY} (pg_stat_activity_max_tx_duration{state=~"active|idle in transaction"}) > 900`,
    for: "1m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: a transaction is open for {{ $value | humanizeDuration }}",
    runbook:
      "It holds locks and keeps old rows. `pg_stat_activity` names it; `pg_terminate_backend` ends it.",
  },
  {
    name: "PostgresDeadlocks",
    severity: "warning",
    expr: `sum ${BY} (increase(pg_stat_database_deadlocks[15m])) > 0`,
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanize }} deadlocks in 15 minutes",
    runbook: "The server's log names both statements: let them take rows in the same order.",
  },
];

const REDIS: readonly Alert[] = [
  {
    name: "RedisDown",
    severity: "critical",
    expr: "redis_up == 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: Redis does not answer",
    runbook:
      "`longshore logs` of the store. After a crash it reads its file of writes first, which takes a while.",
  },
  {
    name: "RedisMemoryHigh",
    severity: "warning",
    expr: "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.9",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: {{ $value | humanizePercentage }} of the memory is used",
    runbook:
      "At 100 % writes fail or keys are forgotten, as `eviction` says. Raise `maxMemory`, or let keys expire.",
  },
  {
    name: "RedisConnectionsRejected",
    severity: "warning",
    expr: `sum ${BY} (increase(redis_rejected_connections_total[15m])) > 0`,
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }} has refused {{ $value | humanize }} connections",
    runbook: "Clients open more than `maxclients`: look for one that does not give them back.",
  },
];

const KAFKA: readonly Alert[] = [
  {
    name: "KafkaDown",
    severity: "critical",
    expr: "kafka_up == 0 or kafka_brokers < 1",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: Kafka does not answer",
    runbook: "`longshore logs` of the broker. After a crash it reads its partitions again before it answers.",
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
      "{{ $labels.system }}: {{ $labels.consumergroup }} is {{ $value | humanize }} messages behind in {{ $labels.topic }}, and gets no nearer",
    runbook:
      "Consumers are too slow or stuck: look at their CPU and logs; add replicas up to the topic's partitions.",
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
      "{{ $labels.system }}: {{ $labels.consumergroup }} has no consumer, and {{ $value | humanize }} messages wait",
    runbook: "Its service does not run or does not get into the group: `longshore health`, then its logs.",
  },
];

/** Rules about the proxy and the stores, from what their exporters say. */
export function storeRules(): RuleGroup[] {
  return [
    { name: "edge", recordings: [], alerts: EDGE },
    { name: "postgres", recordings: [], alerts: POSTGRES },
    { name: "redis", recordings: [], alerts: REDIS },
    { name: "kafka", recordings: [], alerts: KAFKA },
  ];
}
