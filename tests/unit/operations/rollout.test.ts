import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { chooseContext } from "../../../operations/kubernetes/connection";
import type { Controller } from "../../../operations/kubernetes/objects";
import { failureOf, remaining } from "../../../operations/kubernetes/rollout";
import { exitCodeOf } from "../../../operations/kubernetes/runtime";

const controller = (status: Controller["status"], generation = 2, replicas = 2): Controller => ({
  metadata: { name: "api", generation },
  spec: { replicas },
  ...(status && { status: { observedGeneration: 2, ...status } }),
});

describe("the rollout of a controller", () => {
  const CASES: readonly [string, Controller, string | undefined][] = [
    [
      "its change has not been seen",
      controller({ observedGeneration: 1 }),
      "its controller has not seen the change",
    ],
    ["no pod is new", controller({ replicas: 2, availableReplicas: 2 }), "0 of 2 pods are new"],
    [
      "an old pod ends",
      controller({ replicas: 3, updatedReplicas: 2, availableReplicas: 3 }),
      "1 old pods are ending",
    ],
    [
      "a new pod is not ready",
      controller({ replicas: 2, updatedReplicas: 2, availableReplicas: 1 }),
      "1 of 2 pods are ready",
    ],
    ["all is done", controller({ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }), undefined],
    [
      "a StatefulSet says ready only",
      controller({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 }),
      undefined,
    ],
    ["nothing is wanted", controller({}, 2, 0), undefined],
    ["it has no status yet", controller(undefined), "its controller has not seen the change"],
  ];
  for (const [when, of, expected] of CASES) {
    it(`waits as long as it must when ${when}`, () => {
      assert.equal(remaining(of), expected);
    });
  }

  it("fails when the deadline has passed or pods are refused, and not while it goes on", () => {
    const condition = (type: string, status: string, reason: string) =>
      failureOf(controller({ conditions: [{ type, status, reason, message: `${reason}: because` }] }));
    assert.equal(
      condition("Progressing", "False", "ProgressDeadlineExceeded"),
      "ProgressDeadlineExceeded: because",
    );
    assert.equal(condition("ReplicaFailure", "True", "FailedCreate"), "FailedCreate: because");
    assert.equal(condition("Progressing", "True", "ReplicaSetUpdated"), undefined);
    assert.equal(condition("ReplicaFailure", "False", "FailedCreate"), undefined);
  });
});

describe("the rollout of a controller after one that failed", () => {
  it("has not failed while its controller has not seen the change", () => {
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }];
    assert.equal(failureOf(controller({ observedGeneration: 1, conditions })), undefined);
    assert.equal(failureOf(controller({ conditions })), "ProgressDeadlineExceeded");
  });
});

describe("the context of a cluster", () => {
  const names = ["kind-a", "gke_acme_europe-west3_platform-1a2b", "gke_acme_europe-west3x_other"];

  it("is the one that the stack names, else the current one", () => {
    assert.equal(chooseContext(names, "kind-a", { context: "gke_acme_europe-west3x_other" }), names[2]);
    assert.equal(chooseContext(names, "kind-a", {}), "kind-a");
  });

  it("is the only one of the project and the region on Google Cloud", () => {
    assert.equal(chooseContext(names, "kind-a", { prefix: "gke_acme_europe-west3_" }), names[1]);
  });

  it("is refused where it is missing or one of several, and the error names what there is", () => {
    assert.throws(
      () => chooseContext(names, "kind-a", { context: "kind-b" }),
      /expected the context kind-b, got kind-a, gke_/,
    );
    assert.throws(() => chooseContext([], "", {}), /expected the context of the cluster, got none/);
    const twice = [...names, "gke_acme_europe-west3_platform-3c4d"];
    assert.throws(
      () => chooseContext(twice, "kind-a", { prefix: "gke_acme_europe-west3_" }),
      /expected the context gke_acme_europe-west3_…, got \S+1a2b, \S+3c4d; run: gcloud/,
    );
  });
});

describe("the end of a command in a pod", () => {
  it("is its exit code, and 1 where there is none", () => {
    const causes = (message: string) => ({
      status: "Failure",
      details: { causes: [{ reason: "ExitCode", message }] },
    });
    assert.equal(exitCodeOf({ status: "Success" }), 0);
    assert.equal(exitCodeOf(causes("3")), 3);
    assert.equal(exitCodeOf({ status: "Failure" }), 1);
  });
});
