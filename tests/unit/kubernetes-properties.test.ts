import assert from "node:assert/strict";
import fc from "fast-check";
import { loadAll } from "js-yaml";
import { planSystem } from "../../catalog/plan";
import type { Plan } from "../../catalog/plan/types";
import { formatProblems } from "../../base/problems";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { renderKubernetes, type KubernetesObject } from "../../render/kubernetes";
import { yamlStream } from "../../yaml/write";
import { arbitraryPlan } from "../support/arbitrary-plan";
import { validSystem } from "../support/arbitrary-system";
import { textOptions, threeTierPlan } from "../support/kubernetes-plan";
import { Network } from "../support/network-policies";

const render = (plan: Plan) => renderKubernetes(plan, textOptions());

function assertAccepted(objects: readonly KubernetesObject<string>[]) {
  const problems = objects.flatMap((object) => checkKubernetesObject(object));
  assert.equal(problems.length, 0, formatProblems("rendered objects", problems));
}

describe("Kubernetes objects of any plan", () => {
  const holds = (check: (plan: Plan) => void) => {
    fc.assert(fc.property(arbitraryPlan, check), { numRuns: 150 });
  };

  it("are what the API server accepts", () => {
    assertAccepted(render(threeTierPlan()));
    holds((plan) => {
      assertAccepted(render(plan));
    });
  });

  it("are the same bytes when rendered twice, and mean the same when read back", () => {
    holds((plan) => {
      const objects = render(plan);
      const yaml = yamlStream(objects);
      assert.equal(yamlStream(render(structuredClone(plan))), yaml);
      assert.deepEqual(loadAll(yaml), JSON.parse(JSON.stringify(objects)));
    });
  });

  it("have different names", () => {
    holds((plan) => {
      const names = render(plan).map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
      );
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    });
  });

  it("hold the values of secrets in Secrets only", () => {
    holds((plan) => {
      for (const object of render(plan)) {
        assert.equal(JSON.stringify(object).includes("SECRET-"), object.kind === "Secret", object.kind);
      }
    });
  });

  it("open the edges of the plan and no other", () => {
    holds((plan) => {
      const ports = [...new Set(plan.workloads.flatMap((one) => one.ports.map(({ port }) => port)))];
      const edges = plan.workloads.flatMap(({ name, connects }) =>
        connects.flatMap((edge) =>
          edge.to === "workload" ? [`${name} → ${edge.workload}:${edge.port}`] : [],
        ),
      );
      assert.deepEqual(new Network(render(plan)).edges(ports).sort(), [...new Set(edges)].sort());
    });
  });

  it("refer only to Secrets, ConfigMaps, claims and accounts that exist", () => {
    holds((plan) => {
      const objects = render(plan);
      const names = (kind: string) =>
        new Set(objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name));
      const referred = (key: string) =>
        [...JSON.stringify(objects).matchAll(new RegExp(`"${key}":"([^"]+)"`, "g"))].map(
          ([, name]) => name ?? "",
        );
      const configs = [...JSON.stringify(objects).matchAll(/"configMap":\{"name":"([^"]+)"/g)].map(
        ([, name]) => name ?? "",
      );
      const missing = [
        ...referred("secretName").filter((name) => !names("Secret").has(name) && name !== "shop-tls"),
        ...configs.filter((name) => !names("ConfigMap").has(name)),
        ...referred("claimName").filter((name) => !names("PersistentVolumeClaim").has(name)),
        ...referred("serviceAccountName").filter((name) => !names("ServiceAccount").has(name)),
      ];
      assert.deepEqual(missing, []);
    });
  });
});

describe("Kubernetes objects of any system", () => {
  it("are accepted, whichever way its databases are provided", () => {
    const target = fc.constantFrom("kubernetes" as const, "gcp" as const);
    const environment = fc.constantFrom("dev" as const, "staging" as const, "prod" as const);
    fc.assert(
      fc.property(validSystem, target, environment, (system, chosen, where) => {
        assertAccepted(
          render(planSystem(system, { target: chosen, environment: where, domain: "example.com" })),
        );
      }),
      { numRuns: 60 },
    );
  });
});
