import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type Vocabulary } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { ENVIRONMENTS } from "../../catalog/types";
import { kubeconfig } from "../../components/cluster.args";
import { storedByAutopilot } from "../../offline/autopilot";
import { changes, formatPath } from "../../offline/diff";
import { kubernetes } from "../../offline/kubernetes";
import type { Properties } from "../../offline/values";
import { backedUp, renderBackup } from "../../render/backup/objects";
import { renderKubernetes } from "../../render/kubernetes";
import { planSettings, readSettings } from "../../settings";
import { systems } from "../../stacks";
import { textOptions } from "../support/kubernetes-plan";

const SETTINGS = { environment: "prod", target: "gcp", autopilot: true } as const;

function withResources(cpu: readonly [string, string], memory: readonly [string, string]) {
  return system("sample", ({ upstream, service }: Vocabulary) => {
    service("web", {
      image: upstream("web", "python:3.13-slim", { runtime: "python" }),
      resources: { cpu, memory },
    });
  });
}

const requestsOf = (cpu: readonly [string, string], memory: readonly [string, string]) => {
  const { resources } = planSystem(withResources(cpu, memory), SETTINGS).workloads[0] ?? assert.fail();
  return [resources.cpu.request, resources.memory.request / 2 ** 20];
};

describe("Requests on GKE Autopilot", () => {
  it("are planned at its minimum and its ratio of 1 to 6.5 GiB per CPU", () => {
    assert.deepEqual(requestsOf(["10m", "1"], ["16Mi", "1Gi"]), [50, 52]);
    assert.deepEqual(requestsOf(["500m", "2"], ["384Mi", "1Gi"]), [500, 512]);
    assert.deepEqual(requestsOf(["200m", "1"], ["192Mi", "1Gi"]), [200, 205]);
    assert.deepEqual(requestsOf(["100m", "1"], ["1Gi", "1Gi"]), [154, 1024]);
    assert.deepEqual(requestsOf(["250m", "1"], ["512Mi", "1Gi"]), [250, 512]);
  });

  it("stay as described on every other cluster", () => {
    const definition = withResources(["10m", "1"], ["16Mi", "1Gi"]);
    for (const target of ["compose", "kubernetes"] as const) {
      const plan = planSystem(definition, { environment: "prod", target, autopilot: true });
      assert.equal(plan.workloads[0]?.resources.cpu.request, 10);
    }
  });

  it("are refused above the maximum, and where the limit is below the request that Autopilot requires", () => {
    const problemsOf = (cpu: readonly [string, string], memory: readonly [string, string]): string => {
      const definition = withResources(cpu, memory);
      assert.deepEqual(checkSystem(definition, SETTINGS), []);
      try {
        planSystem(definition, SETTINGS);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.match(
      problemsOf(["2", "2"], ["1Gi", "1536Mi"]),
      /sample\.web\.resources\.memory: expected a limit of at least 2048Mi on GKE Autopilot, .* got 1536Mi/,
    );
    assert.match(
      problemsOf(["100m", "200m"], ["2Gi", "2Gi"]),
      /sample\.web\.resources\.cpu: expected a limit of at least 308m on GKE Autopilot, .* got 200m/,
    );
    assert.match(
      problemsOf(["31", "32"], ["64Gi", "64Gi"]),
      /expected a request of at most 30000m .* got 31000m/,
    );
  });

  for (const environment of ENVIRONMENTS) {
    it(`are those that it stores, in every object of every system in ${environment}`, () => {
      const values = {
        environment,
        target: "gcp",
        domain: "example.com",
        gcp: { project: "acme-prod" },
        neurascale: { datastores: { db: { kind: "container" } } },
      };
      const settings = readSettings({ stack: "some", values }, systems);
      let jobs = 0;
      for (const name of settings.systems) {
        const plan = planSystem(systems[name] ?? assert.fail(name), planSettings(settings, name));
        const options = textOptions();
        const objects = [
          ...renderKubernetes(plan, options),
          ...backedUp(plan).flatMap((backup) =>
            renderBackup(plan, options, backup, {
              bucket: "dumps",
              schedule: "0 3 * * *",
              retention: { keepDays: 30, keepAtLeast: 3 },
              recipients: [],
            }),
          ),
        ] as unknown as Properties[];
        for (const object of objects) {
          const found = changes(object, storedByAutopilot(object)).map(({ path }) => formatPath(path));
          assert.deepEqual(found, [], `${name}: ${JSON.stringify([object.kind, object.metadata])}`);
          jobs += object.kind === "Job" ? 1 : 0;
        }
      }
      assert.ok(jobs > 0);
    });
  }
});

describe("A cluster's API server, offline", () => {
  const job = (requests: Properties): Properties => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "migrate", namespace: "todo" },
    spec: {
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            { name: "migrate", image: "app", resources: { requests, limits: { memory: "96Mi" } } },
          ],
        },
      },
    },
  });
  const subject = (inputs: Properties, mode: "autopilot" | "standard") => ({
    type: "kubernetes:batch/v1:Job",
    name: "migrate",
    urn: "urn:pulumi:prod::test::kubernetes:batch/v1:Job::migrate",
    inputs,
    config: { kubeconfig: kubeconfig("gke", "gke.example", mode) },
  });
  const small = job({ cpu: "100m", memory: "64Mi" });

  it("raises requests on Autopilot, so that an update would replace the Job", () => {
    const stored = kubernetes.stored?.(subject(small, "autopilot")) ?? {};
    const [change, ...others] = changes(stored, small);
    assert.ok(change);
    assert.equal(formatPath(change.path), "spec.template.spec.containers[0].resources.limits.memory");
    assert.equal(others.length, 1);
    assert.ok(kubernetes.replaces("kubernetes:batch/v1:Job", change, stored, small));
    assert.deepEqual(kubernetes.stored?.(subject(small, "standard")), small);
  });

  it("refuses what it would raise, and nothing on a standard cluster", () => {
    assert.deepEqual(
      kubernetes.check(subject(small, "autopilot")).map(({ property, reason }) => `${property}: ${reason}`),
      [
        "spec.template.spec.containers[0].resources.limits.memory: expected at least 103Mi on GKE Autopilot, got 96Mi",
        "spec.template.spec.containers[0].resources.requests.memory: expected at least 103Mi on GKE Autopilot, got 64Mi",
      ],
    );
    assert.deepEqual(kubernetes.check(subject(small, "standard")), []);
    assert.deepEqual(kubernetes.check(subject(job({ cpu: "50m", memory: "64Mi" }), "autopilot")), []);
  });
});
