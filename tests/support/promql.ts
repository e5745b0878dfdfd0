/** Words of PromQL that stand where a metric's name could. */
const WORDS = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
]);

/** Names of the metrics that a query asks for. For queries as we write them: no comments, no `__name__` matchers. */
export function metricNames(query: string): string[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, "{}")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = [...bare.matchAll(/(?<![\w:$.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !WORDS.has(name)).sort();
}

/** A dashboard's query as a person would run it: everything chosen, the rate over a fixed time. */
export function runnable(query: string, rateInterval = "1m"): string {
  return query
    .replaceAll("$system", ".*")
    .replaceAll("$service", ".*")
    .replaceAll("$__rate_interval", rateInterval);
}
