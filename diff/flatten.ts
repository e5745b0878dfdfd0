/** Leaves of a value by their path, in a form that does not depend on order where order means nothing. */
export function flatten(value: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  walk(value, "", leaves);
  return leaves;
}

function walk(value: unknown, path: string, leaves: Map<string, unknown>): void {
  const entries = entriesOf(value);
  if (entries === undefined) {
    leaves.set(path, value);
    return;
  }
  if (entries.length === 0) {
    // So that `{}` appears, and disappears, as something.
    leaves.set(path, Array.isArray(value) ? "[]" : "{}");
  }
  for (const [key, item] of entries) {
    walk(item, path === "" ? key : `${path}.${key}`, leaves);
  }
}

/** What a value consists of, by name where its parts have one: containers, variables, ports, volumes. */
function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) {
    return items(value);
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).filter(([, item]) => item !== undefined)
    : undefined;
}

function items(list: readonly unknown[]): [string, unknown][] {
  const names = list.map(nameOf);
  const named = names.every((name) => name !== undefined) && new Set(names).size === list.length;
  if (named) {
    return list.map((item, index) => [names[index] ?? "", withoutName(item)]);
  }
  return list.map((item, index) => [String(index), item]);
}

function nameOf(item: unknown): string | undefined {
  const name =
    typeof item === "object" && item !== null
      ? ((item as { name?: unknown; mountPath?: unknown }).mountPath ?? (item as { name?: unknown }).name)
      : undefined;
  return typeof name === "string" ? name : undefined;
}

/** `{ name: "LOG_LEVEL", value: "info" }` is `info` under that name. */
function withoutName(item: unknown): unknown {
  const { name: _, ...rest } = item as Record<string, unknown>;
  const keys = Object.keys(rest);
  return keys.length === 1 && keys[0] === "value" ? rest.value : rest;
}
