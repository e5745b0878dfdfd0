/** One finding of the prose linter. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Number of findings allowed per room. Rooms that are not listed have none. */
export type Allowance = Readonly<Record<string, number>>;

/**
 * The room of a file: the first two folders of its path, or fewer.
 * @example roomOf("cli/engine/up.ts") is "cli/engine"; roomOf("README.md") is "."
 */
export function roomOf(path: string): string {
  return path.split("/").slice(0, -1).slice(0, 2).join("/") || ".";
}

export interface Verdict {
  /** Findings of rooms that exceed their allowance, at least one of which is new. */
  readonly excess: readonly Finding[];
  /** The current allowance, never above the given one. */
  readonly remaining: Allowance;
}

/** Compares findings with the allowance of each room. An allowance only decreases. */
export function judge(findings: readonly Finding[], allowance: Allowance): Verdict {
  const byRoom = new Map<string, Finding[]>();
  for (const finding of findings) {
    const room = roomOf(finding.path);
    byRoom.set(room, [...(byRoom.get(room) ?? []), finding]);
  }
  const rooms = [...byRoom].sort(([a], [b]) => (a < b ? -1 : 1));
  const allowed = (room: string) => allowance[room] ?? 0;
  const excess = rooms.flatMap(([room, found]) => (found.length > allowed(room) ? found : []));
  const counts = rooms.map(([room, found]) => [room, Math.min(found.length, allowed(room))] as const);
  const remaining = Object.fromEntries(counts.filter(([, count]) => count > 0));
  return { excess, remaining };
}
