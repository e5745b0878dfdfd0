import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compareStacks, type StackDifference } from "../../diff";
import { change, DEPLOYMENT, pod, resource, SQL, stack } from "../support/diff-samples";

describe("diff: what is dangerous", () => {
  const POLICY = "networking.k8s.io/v1/NetworkPolicy";
  const TOPIC = "gcp:managedkafka/topic:Topic";
  const scale = (minReplicas: number) => ({ spec: { minReplicas } });
  const limits = (memory?: string) => pod({ resources: { limits: { cpu: "1", memory } } });
  const ports = (...list: number[]) => ({ spec: { ingress: list.map((port) => ({ ports: [{ port }] })) } });
  const root = (readOnlyRootFilesystem: boolean) => pod({ securityContext: { readOnlyRootFilesystem } });

  /** A change, and what is said of it; undefined where nothing is to be said. */
  const cases: [
    what: string,
    type: string,
    Record<string, unknown> | undefined,
    Record<string, unknown> | undefined,
    RegExp | undefined,
  ][] = [
    [
      "a replaced database",
      SQL,
      { region: "a" },
      { region: "b" },
      /data is lost .*blocked by lifecycle: retain/,
    ],
    ["a deleted namespace", "v1/Namespace", {}, undefined, /everything in it is lost/],
    ["a database that is new", SQL, undefined, {}, undefined],
    ["a deleted deployment", DEPLOYMENT, {}, undefined, undefined],
    ["an opened port", POLICY, ports(80), ports(80, 22), /who may connect/],
    ["a closed port", POLICY, ports(80, 22), ports(80), undefined],
    ["a policy that goes", POLICY, ports(80), undefined, /nothing says any more/],
    ["a removed limit", DEPLOYMENT, limits("1Gi"), limits(), /memory has no limit any more/],
    ["a higher limit", DEPLOYMENT, limits("1Gi"), limits("2Gi"), undefined],
    ["a writable root", DEPLOYMENT, root(true), root(false), /may do more .*readOnlyRootFilesystem/],
    ["a read-only root", DEPLOYMENT, root(false), root(true), undefined],
    ["one copy only", "autoscaling/v2/HorizontalPodAutoscaler", scale(2), scale(1), /every restart is a gap/],
    ["more copies", "autoscaling/v2/HorizontalPodAutoscaler", scale(2), scale(3), undefined],
    ["no copy", DEPLOYMENT, { spec: { replicas: 2 } }, { spec: { replicas: 0 } }, /stops serving/],
    ["a budget that goes", "policy/v1/PodDisruptionBudget", {}, undefined, /stop all of its copies/],
    [
      "a public service",
      "v1/Service",
      { spec: { type: "ClusterIP" } },
      { spec: { type: "LoadBalancer" } },
      /outside/,
    ],
    [
      "a route that is new",
      "networking.k8s.io/v1/Ingress",
      { spec: { rules: [{ host: "a" }] } },
      { spec: { rules: [{ host: "a" }, { host: "b" }] } },
      /an address that is new/,
    ],
    ["protection off", SQL, { deletionProtection: true }, { deletionProtection: false }, /switched off/],
    ["protection on", SQL, { deletionProtection: false }, { deletionProtection: true }, undefined],
    [
      "another machine",
      SQL,
      { settings: { tier: "db-custom-1-3840" } },
      { settings: { tier: "db-custom-2-7680" } },
      /the database restarts/,
    ],
    [
      "one zone only",
      SQL,
      { settings: { availabilityType: "REGIONAL" } },
      { settings: { availabilityType: "ZONAL" } },
      /loss of a zone/,
    ],
    ["a store that restarts", "apps/v1/StatefulSet", pod({ image: "a" }), pod({ image: "b" }), /only copy/],
    [
      "a database's role that may do more",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nSELECT 1;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\nSELECT 1;\n" } },
      /a role may do more/,
    ],
    [
      "a role that may do less",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\n" } },
      undefined,
    ],
    [
      "a public address that is new",
      "v1/Service",
      undefined,
      { spec: { type: "LoadBalancer" } },
      /opens an address/,
    ],
    ["an ingress that is new", "networking.k8s.io/v1/Ingress", undefined, {}, /opens an address/],
    ["a service that is new", "v1/Service", undefined, { spec: { type: "ClusterIP" } }, undefined],
    [
      "a deployment that is made again",
      DEPLOYMENT,
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      /away until the new one/,
    ],
    ["topics that go", TOPIC, {}, undefined, /every message in it is lost/],
    [
      "fewer partitions",
      TOPIC,
      { partitionCount: 6 },
      { partitionCount: 3 },
      /cannot take partitions away: the update will fail \(6 → 3\)/,
    ],
    ["more partitions", TOPIC, { partitionCount: 3 }, { partitionCount: 6 }, undefined],
    [
      "gaps in rollouts",
      DEPLOYMENT,
      {},
      { spec: { strategy: { type: "Recreate" } } },
      /every rollout is a gap/,
    ],
  ];

  for (const [what, type, before, after, expected] of cases) {
    it(`${what}: ${expected ? "said" : "nothing to say"}`, () => {
      const [found] = change(type, before, after);
      assert.ok(found);
      if (expected) {
        assert.match(found.dangers.join("; "), expected);
      } else {
        assert.deepEqual(found.dangers, []);
      }
    });
  }

  it("is not what goes together with its workload, nor what a new environment opens", () => {
    const parts = [
      resource(POLICY, {}),
      resource("policy/v1/PodDisruptionBudget", {}),
      resource(DEPLOYMENT, {}),
    ];
    const dangers = ({ differences }: StackDifference) => differences.flatMap((one) => one.dangers);
    assert.deepEqual(dangers(compareStacks(stack(...parts), stack())), []);
    const ingress = resource("networking.k8s.io/v1/Ingress", {});
    assert.deepEqual(dangers(compareStacks(undefined, stack(ingress))), []);
    const others = resource(POLICY, {}, "default-deny");
    assert.equal(dangers(compareStacks(stack(others, ...parts), stack(...parts))).length, 1);
  });

  it("comes first", () => {
    const before = stack(resource("v1/Service", { a: 1 }, "a"), resource(SQL, { region: "a" }, "z"));
    const after = stack(resource("v1/Service", { a: 2 }, "a"), resource(SQL, { region: "b" }, "z"));
    assert.deepEqual(
      compareStacks(before, after).differences.map(({ name }) => name),
      ["z", "a"],
    );
  });
});
