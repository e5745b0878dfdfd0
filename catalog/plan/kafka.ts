import { compareText } from "../../base/problems";
import type { DatastoreProperty } from "../references";
import type { KafkaDefinition, TopicDefinition } from "../types";
import { parseDuration, parseQuantity } from "../../base/quantities";
import type { DatastoreKind } from "./datastore-kind";
import { exporter, exportersImage, type Exporter } from "./exporter";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined } from "./store";
import type { PlannedKafka, PlannedProbe, PlannedTopic, PlanValue, Workload } from "./types";

const PORT = 9092;
/** User ID of the official image. */
const USER = 1000;
const BIN = "/opt/kafka/bin";
const DATA = "/var/lib/kafka/data";
const CONFIG = "/etc/longshore/server.properties";
const LOGGING = "/etc/longshore/log4j2.yaml";
const START = "/etc/longshore/start.sh";
const ANSWERS = "/etc/longshore/answers.sh";
const TOPICS = "/etc/longshore/topics.txt";
const TOPICS_SCRIPT_PATH = "/etc/longshore/topics.sh";
const TOPICS_JOB = "topics";
/** Cluster ID of the single-broker cluster: 16 bytes in Kafka's variant of base64. */
const CLUSTER = "bG9uZ3Nob3JlLWthZmthMQ";
const WEEK = 7 * 24 * 3_600_000;

const GIBIBYTE = 2 ** 30;
/** vCPUs of the smallest cluster that Google offers. */
export const LEAST_VCPUS = 3;

function planKafka(definition: KafkaDefinition, { datastores }: PlanSettings): PlannedKafka {
  const { kind, vcpus = LEAST_VCPUS, memory } = datastores?.[definition.name] ?? {};
  return {
    name: definition.name,
    engine: "kafka",
    kind: kind === "managed-kafka" ? kind : "container",
    capacity: { vcpus, memory: memory === undefined ? vcpus * GIBIBYTE : (parseQuantity(memory) ?? 0) },
    version: definition.version,
    port: PORT,
    storage: parseQuantity(definition.storage) ?? 0,
    topics: Object.entries(definition.topics)
      .map(([name, topic]) => planTopic(name, topic))
      .sort((a, b) => compareText(a.name, b.name)),
  };
}

/** Plans a topic. Every setting is explicit, so that removing one from the catalog restores its default. */
function planTopic(name: string, topic: TopicDefinition): PlannedTopic {
  const { partitions = 1, retention, retentionSize, cleanup = "delete" } = topic;
  return {
    name,
    partitions,
    settings: [
      { name: "cleanup.policy", value: cleanup },
      { name: "retention.bytes", value: String(retentionSize ? parseQuantity(retentionSize) : -1) },
      { name: "retention.ms", value: String(retention ? parseDuration(retention) : WEEK) },
    ],
  };
}

function kafkaWorkload(
  planned: PlannedKafka,
  definition: KafkaDefinition,
  { environment }: PlanSettings,
): Workload {
  const probe = (check: PlannedProbe["check"]): PlannedProbe => ({
    check,
    intervalSeconds: 10,
    timeoutSeconds: 5,
    failures: 6,
  });
  return {
    ...containerOf(planned.name, planned.name, USER),
    kind: "store",
    command: ["bash", START],
    env: [
      // The default arguments enable a garbage collection log on disk.
      { name: "EXTRA_ARGS", value: "-name kafkaServer" },
      { name: "KAFKA_HEAP_OPTS", value: "-XX:InitialRAMPercentage=25 -XX:MaxRAMPercentage=50" },
      { name: "KAFKA_LOG4J_OPTS", value: `-Dlog4j2.configurationFile=${LOGGING}` },
      // Compression extracts native code there, which cannot run on an in-memory folder mounted noexec.
      { name: "KAFKA_OPTS", value: `-Djava.io.tmpdir=${DATA}/tmp` },
      { name: "LOG_DIR", value: "/tmp" },
    ],
    configFiles: [
      { path: ANSWERS, content: ANSWERS_SCRIPT },
      { path: LOGGING, content: LOGGING_CONFIGURATION },
      { path: CONFIG, content: configuration(planned) },
      { path: START, content: START_SCRIPT },
    ],
    ports: [{ name: "kafka", port: PORT }],
    probes: {
      live: probe({ kind: "tcp", port: PORT }),
      ready: probe({ kind: "exec", command: ["bash", ANSWERS] }),
      // After a crash, Kafka recovers every partition before it accepts connections.
      startupSeconds: 240,
    },
    resources: planResources(definition.environments[environment]?.resources ?? definition.resources),
    // Except for /tmp, these are volumes of the image. If unmounted, every container would leave anonymous volumes
    // behind.
    writable: ["/etc/kafka/secrets", "/mnt/shared/config", "/tmp"],
    volumes: [
      { name: "data", path: DATA, size: planned.storage, holds: { kind: "kafka", version: planned.version } },
    ],
    graceSeconds: 60,
  };
}

/**
 * Plans the job that reconciles topics with the catalog: creates, extends, configures. It never deletes a topic or
 * reduces its partitions.
 */
function topicsJob(planned: PlannedKafka): Workload | undefined {
  const { name, topics, kind } = planned;
  // Topics of a managed cluster are Pulumi resources.
  if (topics.length === 0 || kind !== "container") {
    return undefined;
  }
  return {
    ...containerOf(name, topicsJobName(planned), USER),
    kind: "job",
    command: ["bash", TOPICS_SCRIPT_PATH],
    env: [
      { name: "KAFKA_BOOTSTRAP", value: bootstrap(planned) },
      { name: "KAFKA_HEAP_OPTS", value: "-Xmx128m -XX:TieredStopAtLevel=1" },
      { name: "LOG_DIR", value: "/tmp" },
    ],
    configFiles: [
      { path: TOPICS_SCRIPT_PATH, content: TOPICS_SCRIPT },
      { path: TOPICS, content: topics.map(topicLine).join("") },
    ],
    resources: planResources({ cpu: ["100m", "1"], memory: ["192Mi", "384Mi"] }),
    writable: ["/etc/kafka/secrets", "/mnt/shared/config", "/tmp", "/var/lib/kafka/data"],
    after: [{ workload: name, condition: "healthy" }],
    connects: [{ to: "workload", workload: name, port: PORT }],
    timeoutSeconds: 300,
  };
}

/**
 * Plans the exporter of consumer lag. Brokers do not report lag, so Longshore's own exporter reads offsets as a client.
 */
function kafkaExporter(planned: PlannedKafka): Exporter {
  return exporter({
    of: planned.name,
    image: {
      source: exportersImage,
      user: 1000,
      runtime: "python",
    },
    port: 9308,
    health: { live: "/livez", ready: "/readyz" },
    container: {
      command: ["python", "-m", "exporters.kafka"],
      env: [{ name: "KAFKA_BOOTSTRAP", value: bootstrap(planned) }],
    },
  });
}

function topicsJobName({ name }: Pick<KafkaDefinition, "name">): string {
  return `${name}-${TOPICS_JOB}`;
}

function topicLine({ name, partitions, settings }: PlannedTopic): string {
  return `${name} ${partitions} ${settings.map((one) => `${one.name}=${one.value}`).join(" ")}\n`;
}

function bootstrap({ name, port }: PlannedKafka): string {
  return `${name}:${port}`;
}

/**
 * Returns the broker's configuration. Clients and the broker itself use separate listeners, so that client
 * authentication can be added later.
 */
function configuration(planned: PlannedKafka): string {
  return [
    "# Written by Longshore: one node that is broker and controller (KRaft).",
    "process.roles=broker,controller",
    "node.id=1",
    "controller.quorum.voters=1@127.0.0.1:9093",
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=INTERNAL",
    `listeners=CLIENT://:${PORT},INTERNAL://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093`,
    `advertised.listeners=CLIENT://${bootstrap(planned)},INTERNAL://127.0.0.1:9094`,
    "listener.security.protocol.map=CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    // A subfolder of the volume: Kafka would treat the file system's `lost+found` as a topic.
    `log.dirs=${DATA}/logs`,
    "auto.create.topics.enable=false",
    "default.replication.factor=1",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=8",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=8",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    "",
  ].join("\n");
}

const LOGGING_CONFIGURATION = `Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "%d{ISO8601} %p %m (%c)%n"
  Loggers:
    Root:
      level: WARN
      AppenderRef:
        - ref: STDOUT
    Logger:
      - name: kafka.server.KafkaRaftServer
        level: INFO
`;

const START_SCRIPT = `set -euo pipefail
rm -rf ${DATA}/tmp
mkdir -p ${DATA}/tmp
if [ ! -e ${DATA}/formatted ]; then
  ${BIN}/kafka-storage.sh format --ignore-formatted --cluster-id ${CLUSTER} --config ${CONFIG}
  touch ${DATA}/formatted
fi
exec ${BIN}/kafka-server-start.sh ${CONFIG}
`;

// Kafka's own tools would start a JVM per check. This script sends a metadata request (version 4, no topics)
// instead. The response lists one broker after the controller has registered it.
const ANSWERS_SCRIPT = `set -eu
exec 3<>/dev/tcp/127.0.0.1/${PORT}
printf '\\0\\0\\0\\024\\0\\3\\0\\4ping\\0\\5probe\\0\\0\\0\\0\\0' >&3
answer=$(timeout 4 head -c 16 <&3 | od -An -v -tx1 | tr -d ' \\n')
[ "\${answer:8:8}" = 70696e67 ] && [ "\${answer:24:8}" = 00000001 ]
`;

const TOPICS_SCRIPT = `set -euo pipefail
tool() { "${BIN}/$1" --bootstrap-server "$KAFKA_BOOTSTRAP" "\${@:2}"; }
for attempt in $(seq 60); do
  (exec 3<>"/dev/tcp/\${KAFKA_BOOTSTRAP%:*}/\${KAFKA_BOOTSTRAP##*:}") 2>/dev/null && break
  [ "$attempt" -lt 60 ] || { echo "no answer from $KAFKA_BOOTSTRAP within 2 minutes" >&2; exit 1; }
  sleep 2
done
there=$(tool kafka-topics.sh --describe)
while read -r topic partitions settings; do
  line=$(awk -F '\\t' -v topic="Topic: $topic" '$1 == topic && /PartitionCount: /' <<< "$there")
  if [ -z "$line" ]; then
    echo "creating $topic with $partitions partitions"
    tool kafka-topics.sh --create --if-not-exists --topic "$topic" --partitions "$partitions" \\
      $(printf -- '--config %s ' $settings)
    continue
  fi
  now=$(sed 's/.*PartitionCount: \\([0-9]*\\).*/\\1/' <<< "$line")
  if [ "$now" -lt "$partitions" ]; then
    echo "extending $topic from $now to $partitions partitions"
    tool kafka-topics.sh --alter --topic "$topic" --partitions "$partitions"
  elif [ "$now" -gt "$partitions" ]; then
    echo "$topic keeps its $now partitions: Kafka cannot take any away (the catalog says $partitions)"
  fi
  for setting in $settings; do
    case ",\${line##*Configs: }," in
      *",$setting,"*) ;;
      *)
        echo "setting $settings for $topic"
        tool kafka-configs.sh --alter --entity-type topics --entity-name "$topic" --add-config "\${settings// /,}"
        break
        ;;
    esac
  done
done < ${TOPICS}
`;

function kafkaValue(planned: PlannedKafka, property: DatastoreProperty): PlanValue | null | undefined {
  const isManaged = planned.kind === "managed-kafka";
  const host: PlanValue = isManaged ? { late: "host", datastore: planned.name } : planned.name;
  switch (property) {
    case "host":
      return host;
    case "port":
      return String(planned.port);
    case "bootstrap":
      return joined([host, `:${planned.port}`]);
    case "securityProtocol":
      return isManaged ? "SASL_SSL" : "PLAINTEXT";
    case "saslMechanism":
      // In the private network of a machine or cluster, the container requires no authentication.
      return isManaged ? "OAUTHBEARER" : null;
    default:
      return undefined;
  }
}

export const kafka: DatastoreKind<KafkaDefinition, PlannedKafka> = {
  properties: ["host", "port", "bootstrap", "securityProtocol", "saslMechanism"],
  names: (definition) => ({
    jobs:
      Object.keys(definition.topics).length > 0
        ? [{ name: topicsJobName(definition), purpose: "keeps its topics" }]
        : [],
    secrets: [],
    exporter: `${definition.name}-exporter`,
  }),
  plan: planKafka,
  image: ({ name, version }) => ({
    name,
    source: { kind: "upstream", reference: `apache/kafka:${version}` },
    user: USER,
    runtime: "none",
  }),
  store: kafkaWorkload,
  job: topicsJob,
  // Kafka clients have no passwords.
  retire: () => undefined,
  exporter: kafkaExporter,
  roles: ({ kind }) => (kind === "managed-kafka" ? ["roles/managedkafka.client"] : []),
  value: kafkaValue,
};
