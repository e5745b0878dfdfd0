import { throwProblems, type Problem } from "../base/problems";
import { parseQuantity, type Quantity } from "../base/quantities";

export interface ManagedKafkaTopic {
  /** Number of partitions. Can grow, not shrink. @default 1 */
  partitions?: number;
  /** Kafka topic configuration, such as `retention.ms`. @default {} */
  settings?: Readonly<Record<string, string>>;
}

export interface ManagedKafkaSpecArgs {
  /** Virtual CPUs of all brokers together, at least 3. @default 3 */
  vcpus?: number;
  /** Memory of all brokers together, 1 to 8 GiB for each virtual CPU. @default - 1 GiB for each */
  memory?: Quantity;
  /** By name. @default {} */
  topics?: Readonly<Record<string, ManagedKafkaTopic>>;
}

const GIBIBYTE = 2 ** 30;
const LEAST_VCPUS = 3;
/** Brokers are in three zones, to survive the failure of one. */
const COPIES = 3;

/** Arguments of cluster and topics as plain data. @throws ProblemsError with every value that the service rejects */
export function managedKafkaSpec(name: string, args: ManagedKafkaSpecArgs) {
  throwProblems(`kafka ${name}`, checkManagedKafka(args));
  const { vcpus = LEAST_VCPUS, memory = `${vcpus}Gi`, topics = {} } = args;
  return {
    cluster: {
      // The API represents 64-bit numbers as text.
      capacityConfig: { vcpuCount: String(vcpus), memoryBytes: String(parseQuantity(memory)) },
      rebalanceConfig: { mode: "AUTO_REBALANCE_ON_SCALE_UP" },
    },
    topics: Object.entries(topics).map(([topic, { partitions = 1, settings = {} }]) => ({
      topicId: topic,
      partitionCount: partitions,
      replicationFactor: COPIES,
      configs: { "min.insync.replicas": "2", ...settings },
    })),
  };
}

/** Bootstrap address in Google's format; the service has no output for it. */
export function managedKafkaHost(cluster: string, region: string, project: string): string {
  // A domain-scoped project (`example.com:acme`) has the domain after its name.
  const zone = project.split(":").reverse().join(".");
  return `bootstrap.${cluster}.${region}.managedkafka.${zone}.cloud.goog`;
}

/** Operations that a client of a topic may perform. A topic with ACL entries denies all other principals. */
export const TOPIC_OPERATIONS = ["DESCRIBE", "READ", "WRITE"] as const;

function checkManagedKafka({ vcpus = LEAST_VCPUS, memory, topics = {} }: ManagedKafkaSpecArgs): Problem[] {
  const problems: Problem[] = [];
  if (!Number.isInteger(vcpus) || vcpus < LEAST_VCPUS) {
    problems.push({ path: "vcpus", message: `expected a whole number from ${LEAST_VCPUS}, got ${vcpus}` });
  }
  const perVcpu = (parseQuantity(memory ?? `${vcpus}Gi`) ?? 0) / GIBIBYTE / vcpus;
  if (!(perVcpu >= 1 && perVcpu <= 8)) {
    problems.push({
      path: "memory",
      message: `expected 1Gi to 8Gi for each of ${vcpus} vcpus, got ${memory ?? ""}`,
    });
  }
  for (const [topic, { partitions = 1 }] of Object.entries(topics)) {
    if (!Number.isInteger(partitions) || partitions < 1) {
      problems.push({
        path: `topics.${topic}.partitions`,
        message: `expected a whole number from 1, got ${partitions}`,
      });
    }
  }
  return problems;
}
