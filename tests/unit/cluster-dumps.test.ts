import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import { kubernetes } from "../../offline/kubernetes";
import type { Properties } from "../../offline/values";
import { backedUp, renderBackup } from "../../render/backup/objects";
import { renderKubernetes } from "../../render/kubernetes";
import { storesSystem } from "../support/stores-sample";
import { textOptions } from "../support/kubernetes-plan";

interface CronJob {
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
          readonly spec: {
            readonly volumes: readonly {
              readonly csi?: { readonly volumeAttributes: { readonly mountOptions: string } };
            }[];
          };
        };
      };
    };
  };
}

describe("Dumps in a cluster of Google Cloud", () => {
  const plan = planSystem(storesSystem(), { environment: "prod", target: "gcp" });
  const jobs = backedUp(plan).flatMap((backup) =>
    renderBackup(plan, textOptions(), backup, {
      bucket: "dumps",
      schedule: "0 3 * * *",
      retention: { keepDays: 30, keepAtLeast: 3 },
      recipients: [],
    }).filter(({ kind }) => kind === "CronJob"),
  );
  const templateOf = (job: object) => (job as CronJob).spec.jobTemplate.spec.template;

  it("limit the driver's sidecar, which the LimitRange would limit below its own request", () => {
    assert.ok(jobs.length > 0);
    const limitRange = renderKubernetes(plan, textOptions()).find(({ kind }) => kind === "LimitRange");
    assert.ok(limitRange);
    for (const job of jobs) {
      const { annotations } = templateOf(job).metadata;
      for (const resource of ["cpu", "memory", "ephemeral-storage"]) {
        assert.match(annotations[`gke-gcsfuse/${resource}-limit`] ?? "", /^\d/, resource);
      }
    }
  });

  it("are streamed into the bucket, so that their size is not limited by the sidecar's disk", () => {
    for (const job of jobs) {
      const [attributes] = templateOf(job).spec.volumes.flatMap(({ csi }) => csi?.volumeAttributes ?? []);
      assert.match(attributes?.mountOptions ?? "", /(^|,)write:enable-streaming-writes:true(,|$)/);
    }
  });

  it("are refused offline without limits for the sidecar", () => {
    const problemsOf = (annotations: Properties): string[] => {
      const container = { name: "dump", image: "postgres" };
      const inputs = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: "dump",
          namespace: "todo",
          annotations: { "gke-gcsfuse/volumes": "true", ...annotations },
        },
        spec: { containers: [container] },
      };
      const subject = { type: "kubernetes:core/v1:Pod", name: "dump", urn: "urn", inputs, config: {} };
      return kubernetes.check(subject).map(({ property, reason }) => `${property}: ${reason}`);
    };
    const limits = { "gke-gcsfuse/cpu-limit": "1", "gke-gcsfuse/memory-limit": "1Gi" };
    assert.deepEqual(problemsOf({ ...limits, "gke-gcsfuse/ephemeral-storage-limit": "5Gi" }), []);
    assert.match(
      problemsOf(limits).join(),
      /annotations\["gke-gcsfuse\/ephemeral-storage-limit"\]: not set: a LimitRange would limit the sidecar below its request/,
    );
  });
});
