import { createHash } from "node:crypto";
import type { PlanValue } from "../../catalog/plan/types";
import { compareText } from "../../catalog/problems";

/** A secret that is to be written before the document is used: mode 0400, owned by the container's user. */
export interface ComposeSecretFile {
  readonly workload: string;
  /** Name in the workload. */
  readonly name: string;
  /** Where the document expects it, such as `secrets/backend/database-url`. */
  readonly path: string;
  /** Numeric user and group of the file. */
  readonly user: number;
  readonly value: PlanValue;
  /** A new content is written into the file that the running container sees. */
  readonly live?: boolean;
}

/** Digest of configuration files. They are no secrets: no key. */
export function filesDigest(files: readonly { path: string; content: string }[]): string {
  return createHash("sha256")
    .update(JSON.stringify(files.map(({ path, content }) => [path, content])))
    .digest("hex")
    .slice(0, 32);
}

/** Keys in order. */
export function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}
