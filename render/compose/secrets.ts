import { createHash } from "node:crypto";
import type { PlanValue } from "../../catalog/plan/types";
import { compareText } from "../../base/problems";

/** A secret that must be written before the document is used: mode 0400, owned by the container's user. */
export interface ComposeSecretFile {
  readonly workload: string;
  /** Name of the secret in the workload. */
  readonly name: string;
  /** Path that the document refers to, such as `secrets/backend/database-url`. */
  readonly path: string;
  /** Numeric user and group ID of the file. */
  readonly user: number;
  readonly value: PlanValue;
  /** Whether a new content is written into the file of the running container. */
  readonly live?: boolean;
}

/** Returns a digest of configuration files. Not keyed, because the files contain no secrets. */
export function filesDigest(files: readonly { path: string; content: string }[]): string {
  return createHash("sha256")
    .update(JSON.stringify(files.map(({ path, content }) => [path, content])))
    .digest("hex")
    .slice(0, 32);
}

/** Sorts a record by key. */
export function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}
