import type { Problem } from "../problems";
import { EVICTIONS, type RedisDefinition } from "../types";
import { parseQuantity } from "../values";

/** Room beside the data, as a factor: for clients, for copies while a file is rewritten. */
const ROOM = 1.25;

export function checkRedis({
  name,
  maxMemory,
  eviction,
  resources,
  environments,
}: RedisDefinition): Problem[] {
  const problems: Problem[] = [];
  const size = parseQuantity(maxMemory);
  if (!size) {
    problems.push({
      path: `${name}.maxMemory`,
      message: `expected a size such as 256Mi, got ${JSON.stringify(maxMemory)}`,
    });
  }
  if (!EVICTIONS.includes(eviction)) {
    problems.push({
      path: `${name}.eviction`,
      message: `expected one of ${EVICTIONS.join(", ")}, got ${JSON.stringify(eviction)}`,
    });
  }
  const limits = [
    [`${name}.resources.memory`, resources.memory[1]] as const,
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      overlay.resources
        ? [[`${name}.environments.${environment}.resources.memory`, overlay.resources.memory[1]] as const]
        : [],
    ),
  ];
  for (const [path, limit] of limits) {
    const bytes = parseQuantity(limit);
    if (size && bytes && bytes < size * ROOM) {
      problems.push({
        path,
        message: `the limit ${limit} leaves no room beside maxMemory ${maxMemory}: expected a quarter more than that`,
        fix: "raise the limit or lower maxMemory",
      });
    }
  }
  return problems;
}
