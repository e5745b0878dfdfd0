import assert from "node:assert/strict";
import { EXPLAINED_FINDINGS } from "../../catalog/findings";
import type { Workload } from "../../catalog/plan/types";
import { KUBERNETES_VERSION } from "../../offline/schemas/kubernetes";
import type { KubernetesObject } from "../../render/kubernetes";
import { yamlStream } from "../../yaml/write";
import { run } from "../../tools/process";
import type { ClusterDocuments } from "./cluster-documents";

/** A finding that kube-score reports as critical. */
interface Finding {
  /** `todo Deployment/backend` */
  readonly where: string;
  readonly check: string;
  readonly says: string;
  readonly object: KubernetesObject<string>;
}

/** The fields of kube-score's output that are read. */
interface Scored {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string; readonly namespace?: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly summary: string }[] | null;
  }[];
}

const CRITICAL = 1;

export interface Judgement {
  /** Number of checked objects. */
  readonly objects: number;
  /** One line per critical finding that the catalog does not explain. Sorted, because kube-score's order varies. */
  readonly unexplained: readonly string[];
  /** Checks whose findings the catalog explains. */
  readonly explained: readonly string[];
}

/** Checks documents with kube-score. The catalog must explain each finding; annotations are not accepted. */
export async function judge(kubeScore: string, documents: readonly ClusterDocuments[]): Promise<Judgement> {
  const objects = documents.flatMap((each) => [...each.objects, ...each.backups]);
  const workloads = new Map<string, Workload>(
    documents.flatMap(({ plan, backupJobs }) =>
      [...plan.workloads, ...backupJobs].map((one) => [`${plan.system} ${one.name}`, one] as const),
    ),
  );
  const scored = await score(kubeScore, objects);
  const explained = new Set<string>();
  const unexplained = findingsIn(scored, objects).flatMap(({ where, check, says, object }) => {
    const workload = workloads.get(ownerOf(object));
    const reason = EXPLAINED_FINDINGS.find((one) => one.check === check);
    if (reason && workload && imagesOf(object).every((image) => reason.holds(workload, image))) {
      explained.add(check);
      return [];
    }
    return [`${where}: ${check}: ${says}`];
  });
  return { objects: scored.length, unexplained: unexplained.sort(), explained: [...explained].sort() };
}

async function score(kubeScore: string, objects: readonly KubernetesObject<string>[]): Promise<Scored[]> {
  const version = KUBERNETES_VERSION.split(".").slice(0, 2).join(".");
  const flags = [
    "--kubernetes-version",
    version,
    "--output-format",
    "json",
    "--disable-ignore-checks-annotations",
  ];
  const { code, stdout, stderr } = await run(kubeScore, ["score", ...flags, "-"], {
    input: yamlStream(objects),
    timeoutMs: 120_000,
  });
  // Exit code 1 means that there are critical findings.
  assert.ok(code <= 1 && stdout.startsWith("["), `kube-score ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Scored[];
}

function findingsIn(scored: readonly Scored[], objects: readonly KubernetesObject<string>[]): Finding[] {
  return scored.flatMap(({ type_meta: { kind }, object_meta: { name, namespace }, checks }) => {
    const object = objects.find(
      (one) =>
        one.kind === kind &&
        one.metadata.name === name &&
        (one.metadata.namespace ?? "") === (namespace ?? ""),
    );
    assert.ok(object, `kube-score speaks of ${kind}/${name}, which it was not given`);
    return checks
      .filter(({ grade, skipped }) => !skipped && grade <= CRITICAL)
      .map(({ check: { id }, comments }) => ({
        where: `${namespace ?? "cluster"} ${kind}/${name}`,
        check: id,
        says: [...new Set((comments ?? []).map(({ summary }) => summary))].join(", "),
        object,
      }));
  });
}

function ownerOf({ metadata: { labels } }: KubernetesObject<string>): string {
  return `${labels["app.kubernetes.io/part-of"] ?? ""} ${labels["app.kubernetes.io/name"] ?? ""}`;
}

/** All images of an object's pods. */
function imagesOf(node: unknown): string[] {
  if (typeof node !== "object" || node === null) {
    return [];
  }
  return Object.entries(node).flatMap(([key, value]) =>
    key === "image" && typeof value === "string" ? [value] : imagesOf(value),
  );
}
