import { createHash, createHmac } from "node:crypto";
import type { PlanValue } from "../../catalog/plan/types";
import { compareText } from "../../catalog/problems";
import type { ComposeDocument } from "./document";
import { LABELS } from "./labels";

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
}

/**
 * A digest of each workload's secrets, for `withSecretDigests`. Keyed, because digests can be read by whoever may
 * inspect containers, and a short secret could be found by trying.
 */
export function secretDigests(
  files: readonly { workload: string; name: string; content: string }[],
  key: string,
): Record<string, string> {
  const workloads = [...new Set(files.map(({ workload }) => workload))].sort();
  return Object.fromEntries(
    workloads.map((workload) => {
      const contents = files
        .filter((file) => file.workload === workload)
        .sort((a, b) => compareText(a.name, b.name))
        .map(({ name, content }) => [name, content]);
      return [
        workload,
        createHmac("sha256", key).update(JSON.stringify(contents)).digest("hex").slice(0, 32),
      ];
    }),
  );
}

/** The document with each workload's digest as a label: a changed secret then recreates exactly its users. */
export function withSecretDigests(
  document: ComposeDocument,
  digests: Record<string, string>,
): ComposeDocument {
  const services = Object.entries(document.services).map(([name, service]) => {
    const digest = digests[name];
    return [
      name,
      digest === undefined
        ? service
        : { ...service, labels: sorted({ ...service.labels, [LABELS.secrets]: digest }) },
    ] as const;
  });
  return { ...document, services: Object.fromEntries(services) };
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
