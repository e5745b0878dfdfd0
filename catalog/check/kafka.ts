import type { Problem } from "../problems";
import type { KafkaDefinition, TopicDefinition } from "../types";
import { parseDuration, parseQuantity } from "../values";

/** Kafka's rule for names of topics; two leading underscores are its own. */
const TOPIC = /^(?!\.{1,2}$)(?!__)[A-Za-z0-9._-]{1,249}$/;
const MOST_PARTITIONS = 1000;

export function checkKafka({ name, topics }: KafkaDefinition): Problem[] {
  return Object.entries(topics).flatMap(([topic, definition]) => [
    ...(TOPIC.test(topic)
      ? []
      : [
          {
            path: `${name}.topics.${topic}`,
            message: "expected letters, digits, dots, _ and -, not starting with __",
          },
        ]),
    ...checkTopic(`${name}.topics.${topic}`, definition),
  ]);
}

function checkTopic(path: string, topic: TopicDefinition): Problem[] {
  const { partitions = 1, retention, retentionSize, cleanup = "delete" } = topic;
  const problems: Problem[] = [];
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS) {
    problems.push({
      path: `${path}.partitions`,
      message: `expected a whole number from 1 to ${MOST_PARTITIONS}, got ${partitions}`,
    });
  }
  if (retention !== undefined && !parseDuration(retention)) {
    problems.push({
      path: `${path}.retention`,
      message: `expected a time such as 24h, got ${JSON.stringify(retention)}`,
    });
  }
  if (retentionSize !== undefined && !parseQuantity(retentionSize)) {
    problems.push({
      path: `${path}.retentionSize`,
      message: `expected a size such as 1Gi, got ${JSON.stringify(retentionSize)}`,
    });
  }
  if (!["delete", "compact"].includes(cleanup)) {
    problems.push({
      path: `${path}.cleanup`,
      message: `expected delete or compact, got ${JSON.stringify(cleanup)}`,
    });
  }
  return problems;
}
