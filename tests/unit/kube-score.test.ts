import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { EXPLAINED_FINDINGS } from "../../catalog/findings";
import type { Workload } from "../../catalog/plan/types";
import { renderKubernetes, type KubernetesObject } from "../../render/kubernetes";
import { findKubeScore } from "../../tools/kube-score";
import { clusterDocuments, clusterStacks } from "../support/cluster-documents";
import { judge } from "../support/kube-score";
import { httpProbe, planOf, textOptions, threeTierPlan, workload } from "../support/kubernetes-plan";

describe("kube-score", function () {
  // The first run may have to build kube-score.
  this.timeout(30 * 60_000);
  let kubeScore: string;
  const explained = new Set<string>();
  before(async () => {
    kubeScore = await findKubeScore((line) => {
      console.log(`    ${line}`);
    });
  });

  for (const settings of clusterStacks()) {
    it(`finds nothing critical in ${settings.environment} on ${settings.target} that the catalog does not explain`, async () => {
      const judgement = await judge(kubeScore, clusterDocuments(settings));
      assert.ok(judgement.objects > 100, `only ${judgement.objects} objects`);
      assert.deepEqual(judgement.unexplained, []);
      for (const check of judgement.explained) {
        explained.add(check);
      }
    });
  }

  it("finds what the catalog explains: no reason outlives its finding", () => {
    assert.deepEqual([...explained].sort(), EXPLAINED_FINDINGS.map(({ check }) => check).sort());
  });

  describe("finds what is wrong, and takes no reason where it does not hold", () => {
    const judged = async (
      fields: Partial<Workload>,
      image: string,
      change: (object: KubernetesObject<string>) => KubernetesObject<string> = (object) => object,
    ): Promise<readonly string[]> => {
      const plan = planOf([workload("web", { ports: [{ name: "http", port: 8000 }], ...fields })]);
      const objects = renderKubernetes(plan, textOptions({ imageReference: () => image })).map(change);
      return (await judge(kubeScore, [{ plan, objects, backups: [], backupJobs: [] }])).unexplained;
    };
    const probes = { live: httpProbe("/livez"), ready: httpProbe("/readyz"), startupSeconds: 60 };
    const digest = `app@sha256:${"0".repeat(64)}`;

    it("but not in what is right", async () => {
      assert.deepEqual(await judged({ probes }, digest), []);
    });

    it("a tag that moves, though a digest would explain the pull policy", async () => {
      assert.deepEqual(await judged({ probes }, "app:latest"), [
        "shop Deployment/web: container-image-pull-policy: ImagePullPolicy is not set to Always",
        "shop Deployment/web: container-image-tag: Image with latest tag",
      ]);
    });

    it("one probe for two questions, and none", async () => {
      const same = { live: httpProbe("/livez"), ready: httpProbe("/livez"), startupSeconds: 60 };
      assert.match(
        (await judged({ probes: same }, digest)).join(),
        /^shop Deployment\/web: pod-probes-identical/,
      );
      assert.match(
        (await judged({ probes: { startupSeconds: 60 } }, digest)).join(),
        /^shop Deployment\/web: pod-probes: Container is missing a readinessProbe$/,
      );
    });

    it("root, whatever an annotation asks to ignore", async () => {
      const ignoring = (object: KubernetesObject<string>): KubernetesObject<string> => ({
        ...object,
        metadata: {
          ...object.metadata,
          annotations: { "kube-score/ignore": "container-security-context-user-group-id" },
        },
      });
      assert.match(
        (await judged({ probes, user: 0 }, digest, ignoring)).join(),
        /^shop Deployment\/web: container-security-context-user-group-id/,
      );
    });

    it("pods that no policy is for", async () => {
      const plan = threeTierPlan();
      const objects = renderKubernetes(plan, textOptions()).filter(({ kind }) => kind !== "NetworkPolicy");
      const { unexplained } = await judge(kubeScore, [{ plan, objects, backups: [], backupJobs: [] }]);
      assert.ok(
        unexplained.some((line) => line.startsWith("shop Deployment/backend: pod-networkpolicy")),
        unexplained.join("\n"),
      );
    });
  });
});
