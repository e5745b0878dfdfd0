/** Words of PromQL at positions where a metric's name is possible. */
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

/** Names of the metrics in a query. Supports only queries without comments and `__name__` matchers. */
export function metricNames(query: string): string[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, "{}")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = [...bare.matchAll(/(?<![\w:$.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !WORDS.has(name)).sort();
}

/** Makes a dashboard's query executable: selects all values of the variables, and a fixed rate interval. */
export function runnable(query: string, rateInterval = "1m"): string {
  return query
    .replaceAll("$system", ".*")
    .replaceAll("$service", ".*")
    .replaceAll("$__rate_interval", rateInterval);
}
