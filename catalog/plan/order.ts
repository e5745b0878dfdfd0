import { compareText } from "../../base/problems";

export interface Ordered {
  /** Names in start order, each after its dependencies; ties are sorted by name. Names in cycles are missing. */
  readonly order: readonly string[];
  /** Names along each cycle. Empty without cycles. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Sorts names topologically in linear time (Kahn's algorithm, level by level). Dependencies that are not keys are
 * ignored.
 */
export function startOrder(dependencies: ReadonlyMap<string, readonly string[]>): Ordered {
  const waiting = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const [name, wanted] of dependencies) {
    const known = [...new Set(wanted)].filter((dependency) => dependencies.has(dependency));
    waiting.set(name, known.length);
    for (const dependency of known) {
      const list = dependents.get(dependency) ?? [];
      list.push(name);
      dependents.set(dependency, list);
    }
  }
  const order: string[] = [];
  let level = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  while (level.length > 0) {
    level.sort(compareText);
    order.push(...level);
    const next: string[] = [];
    for (const name of level) {
      waiting.delete(name);
      for (const dependent of dependents.get(name) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1;
        waiting.set(dependent, left);
        if (left === 0) {
          next.push(dependent);
        }
      }
    }
    level = next;
  }
  return { order, cycles: findCycles(new Set(waiting.keys()), dependencies) };
}

/** Follows the dependencies of the remaining names until one repeats. */
function findCycles(left: Set<string>, dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const seen = new Set<string>();
  for (const start of [...left].sort(compareText)) {
    const path: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !seen.has(name)) {
      seen.add(name);
      path.push(name);
      name = dependencies.get(name)?.find((dependency) => left.has(dependency));
    }
    if (name !== undefined && path.includes(name)) {
      cycles.push([...path.slice(path.indexOf(name)), name]);
    }
  }
  return cycles;
}
