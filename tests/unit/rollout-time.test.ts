import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ObjectData } from "../../components/kubernetes-object";
import { rolloutSeconds } from "../../components/rollout-time";

describe("The time that a deployment waits for a controller", () => {
  const deployment = (replicas: number, startup: number, deadline?: number): ObjectData => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas,
      ...(deadline !== undefined && { progressDeadlineSeconds: deadline }),
      template: {
        spec: {
          terminationGracePeriodSeconds: 30,
          containers: [{ startupProbe: { failureThreshold: startup / 2, periodSeconds: 2 } }],
        },
      },
    },
  });
  const job = (activeDeadlineSeconds: number): ObjectData => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "migrate" },
    spec: { activeDeadlineSeconds },
  });

  it("is the provider's own where that is enough", () => {
    assert.equal(rolloutSeconds(deployment(1, 60)), undefined);
    assert.equal(rolloutSeconds(job(300)), undefined);
  });

  it("follows startup, for one pod after another", () => {
    assert.equal(rolloutSeconds(deployment(1, 1800, 2280)), 2280 + 30);
    assert.equal(rolloutSeconds(deployment(3, 1800, 2280)), 3 * (2280 + 30));
    assert.equal(rolloutSeconds(deployment(1, 1800, 2280), 4), 4 * (2280 + 30));
  });

  it("follows a job's timeout", () => {
    assert.equal(rolloutSeconds(job(7200)), 7260);
  });
});
