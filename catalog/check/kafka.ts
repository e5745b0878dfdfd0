import { LEAST_VCPUS } from "../plan/kafka";
import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import type { KafkaDefinition } from "../types";
import { parseQuantity } from "../../base/quantities";

/** Kafka's rule for topic names. Names with two leading underscores are reserved for Kafka. */
const TOPIC = /^(?!\.{1,2}$)(?!__)[A-Za-z0-9._-]{1,249}$/;

export function checkKafka({ name, topics }: KafkaDefinition): Problem[] {
  return Object.keys(topics)
    .filter((topic) => !TOPIC.test(topic))
    .map((topic) => ({
      path: `${name}.topics.${topic}`,
      message: "expected letters, digits, dots, _ and -, not starting with __",
    }));
}

const GIBIBYTE = 2 ** 30;
/** Minimum and maximum GiB of memory per vCPU that Google offers. */
const MEMORY_PER_VCPU = [1, 8] as const;

/** Reports options that Google's Managed Service for Apache Kafka does not support, if the settings select it. */
export function checkManagedKafka({ name, topics }: KafkaDefinition, settings: PlanSettings): Problem[] {
  const path = `datastores.${name}`;
  const { kind = "container", vcpus = LEAST_VCPUS, memory } = settings.datastores?.[name] ?? {};
  if (kind === "container") {
    return [];
  }
  if (kind !== "managed-kafka") {
    return [{ path: `${path}.kind`, message: `expected container or managed-kafka, got ${kind}` }];
  }
  if (settings.target !== "gcp") {
    const message = `the target ${settings.target} has no Managed Service for Apache Kafka`;
    return [{ path: `${path}.kind`, message, fix: "use kind: container" }];
  }
  const problems: Problem[] = [];
  if (vcpus < LEAST_VCPUS) {
    problems.push({
      path: `${path}.vcpus`,
      message: `Google's smallest cluster has ${LEAST_VCPUS} virtual CPUs, got ${vcpus}`,
      fix: "use 3 or more, or kind: container (one broker in the cluster)",
    });
  }
  const perVcpu = (parseQuantity(memory ?? `${vcpus}Gi`) ?? 0) / vcpus / GIBIBYTE;
  if (perVcpu < MEMORY_PER_VCPU[0] || perVcpu > MEMORY_PER_VCPU[1]) {
    problems.push({
      path: `${path}.memory`,
      message: `expected 1 to 8 GiB for each of ${vcpus} virtual CPUs (${vcpus}Gi to ${8 * vcpus}Gi), got ${memory ?? ""}`,
    });
  }
  return [
    ...problems,
    ...Object.keys(topics).flatMap((topic) => checkTopicId(`${name}.topics.${topic}`, topic)),
  ];
}

/** Checks the last segment of the resource name, which allows fewer characters than Kafka does. */
function checkTopicId(path: string, topic: string): Problem[] {
  return topic.length <= 255 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(topic)
    ? []
    : [
        {
          path,
          message: "Google's topics start with a letter or a digit",
          fix: "rename it, or use kind: container",
        },
      ];
}
