import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compareStacks, type StackDifference } from "../../diff";
import { change, DEPLOYMENT, pod, resource, SQL, stack } from "../support/diff-samples";

describe("Dangers of a change", () => {
  const POLICY = "networking.k8s.io/v1/NetworkPolicy";
  const TOPIC = "gcp:managedkafka/topic:Topic";
  const scale = (minReplicas: number) => ({ spec: { minReplicas } });
  const limits = (memory?: string) => pod({ resources: { limits: { cpu: "1", memory } } });
  const ports = (...list: number[]) => ({ spec: { ingress: list.map((port) => ({ ports: [{ port }] })) } });
  const root = (readOnlyRootFilesystem: boolean) => pod({ securityContext: { readOnlyRootFilesystem } });

  const claim = (storage: string) => ({
    spec: {
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { resources: { requests: { storage } } } }],
    },
  });

  /** A change and the danger reported for it; undefined for a harmless change. */
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
    ["a deleted namespace", "v1/Namespace", {}, undefined, /everything in the namespace is lost/],
    [
      "a removed Compose volume",
      "compose/volume",
      { labels: {} },
      undefined,
      /remains unused; a renamed datastore/,
    ],
    ["a new database", SQL, undefined, {}, undefined],
    ["a deleted deployment", DEPLOYMENT, {}, undefined, undefined],
    ["an opened port", POLICY, ports(80), ports(80, 22), /allowed connections change/],
    ["a closed port", POLICY, ports(80, 22), ports(80), undefined],
    ["a removed NetworkPolicy", POLICY, ports(80), undefined, /any pod may connect/],
    ["a removed limit", DEPLOYMENT, limits("1Gi"), limits(), /memory limit removed/],
    ["a higher limit", DEPLOYMENT, limits("1Gi"), limits("2Gi"), undefined],
    ["a writable root", DEPLOYMENT, root(true), root(false), /hardening relaxed .*readOnlyRootFilesystem/],
    ["a read-only root", DEPLOYMENT, root(false), root(true), undefined],
    [
      "a single replica",
      "autoscaling/v2/HorizontalPodAutoscaler",
      scale(2),
      scale(1),
      /every restart causes downtime/,
    ],
    ["more replicas", "autoscaling/v2/HorizontalPodAutoscaler", scale(2), scale(3), undefined],
    ["zero replicas", DEPLOYMENT, { spec: { replicas: 2 } }, { spec: { replicas: 0 } }, /stops serving/],
    ["a removed PodDisruptionBudget", "policy/v1/PodDisruptionBudget", {}, undefined, /stop all replicas/],
    [
      "a public service",
      "v1/Service",
      { spec: { type: "ClusterIP" } },
      { spec: { type: "LoadBalancer" } },
      /outside/,
    ],
    [
      "a new route",
      "networking.k8s.io/v1/Ingress",
      { spec: { rules: [{ host: "a" }] } },
      { spec: { rules: [{ host: "a" }, { host: "b" }] } },
      /a new address/,
    ],
    [
      "a system published beyond loopback",
      "compose/service",
      { ports: ["127.0.0.1:8080:8080"] },
      { ports: ["0.0.0.0:443:8080"] },
      /other machines can connect/,
    ],
    [
      "a system published on another IPv6 address",
      "compose/service",
      { ports: ["[::1]:443:8080"] },
      { ports: ["[::1]:443:8080", "[2001:db8::7]:443:8080"] },
      /other machines can connect/,
    ],
    [
      "another loopback port",
      "compose/service",
      { ports: ["127.0.0.1:8080:8080"] },
      { ports: ["[::1]:8081:8080"] },
      /^served at a new address$/,
    ],
    [
      "a system no longer published beyond loopback",
      "compose/service",
      { ports: ["0.0.0.0:443:8080"] },
      { ports: ["127.0.0.1:443:8080"] },
      /^served at a new address$/,
    ],
    [
      "a new system published beyond loopback",
      "compose/service",
      undefined,
      { ports: ["192.0.2.1:443:8080"] },
      /other machines can connect/,
    ],
    ["a new system on loopback", "compose/service", undefined, { ports: ["127.0.0.1:443:8080"] }, undefined],
    [
      "a system without TLS",
      "compose/service",
      { labels: { "longshore.scheme": "https" } },
      { labels: {} },
      /without TLS/,
    ],
    [
      "disabled protection",
      SQL,
      { deletionProtection: true },
      { deletionProtection: false },
      /deletionProtection disabled/,
    ],
    ["enabled protection", SQL, { deletionProtection: false }, { deletionProtection: true }, undefined],
    [
      "another machine type",
      SQL,
      { settings: { tier: "db-custom-1-3840" } },
      { settings: { tier: "db-custom-2-7680" } },
      /database restarts/,
    ],
    [
      "a single zone",
      SQL,
      { settings: { availabilityType: "REGIONAL" } },
      { settings: { availabilityType: "ZONAL" } },
      /failure of a zone/,
    ],
    [
      "a restarted datastore",
      "apps/v1/StatefulSet",
      pod({ image: "a" }),
      pod({ image: "b" }),
      /single replica/,
    ],
    [
      "another major version of PostgreSQL",
      "compose/service",
      { image: "pgvector/pgvector:0.8.0-pg17" },
      { image: "pgvector/pgvector:0.8.1-pg18" },
      /^PostgreSQL 17 → 18: refused while the data is of 17/,
    ],
    [
      "another major version of PostgreSQL in a cluster",
      "apps/v1/StatefulSet",
      pod({ image: "registry:5000/postgres:17@sha256:0a" }),
      pod({ image: "registry:5000/postgres:18@sha256:0b" }),
      /PostgreSQL 17 → 18/,
    ],
    [
      "an older Redis",
      "compose/service",
      { image: "redis:8" },
      { image: "redis:7" },
      /an older version does not read/,
    ],
    ["a minor version", "compose/service", { image: "redis:7.2" }, { image: "redis:7.4" }, undefined],
    ["an application's version", "compose/service", { image: "shop:1" }, { image: "shop:2" }, undefined],
    [
      "another major version of Cloud SQL",
      SQL,
      { databaseVersion: "POSTGRES_17" },
      { databaseVersion: "POSTGRES_18" },
      /in-place upgrade .* minutes of downtime/,
    ],
    [
      "a database role with more privileges",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nSELECT 1;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\nSELECT 1;\n" } },
      /gains privileges/,
    ],
    [
      "a database role with fewer privileges",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\n" } },
      undefined,
    ],
    [
      "a new public address",
      "v1/Service",
      undefined,
      { spec: { type: "LoadBalancer" } },
      /exposed outside the cluster/,
    ],
    ["a new Ingress", "networking.k8s.io/v1/Ingress", undefined, {}, /exposed outside the cluster/],
    ["a new internal Service", "v1/Service", undefined, { spec: { type: "ClusterIP" } }, undefined],
    [
      "a replaced Deployment",
      DEPLOYMENT,
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      /unavailable until the replacement/,
    ],
    ["a deleted topic", TOPIC, {}, undefined, /all messages are lost/],
    [
      "fewer partitions",
      TOPIC,
      { partitionCount: 6 },
      { partitionCount: 3 },
      /cannot remove partitions: the update will fail \(6 → 3\)/,
    ],
    ["more partitions", TOPIC, { partitionCount: 3 }, { partitionCount: 6 }, undefined],
    [
      "an autoscaler instead of a number",
      DEPLOYMENT,
      { spec: { replicas: 6 } },
      { spec: {} },
      /the autoscaler sets the number of pods from now on; the current 6 stay until it does/,
    ],
    [
      "a larger disk",
      "apps/v1/StatefulSet",
      claim("10Gi"),
      claim("20Gi"),
      /blocked by lifecycle: retain; the size of a disk \(10Gi → 20Gi\) cannot change in place/,
    ],
    [
      "a renamed port",
      "v1/Service",
      { spec: { ports: [{ name: "http", port: 8000, targetPort: 8000 }] } },
      { spec: { ports: [{ name: "web", port: 8000, targetPort: 8000 }] } },
      undefined,
    ],
    [
      "the strategy Recreate",
      DEPLOYMENT,
      {},
      { spec: { strategy: { type: "Recreate" } } },
      /every rollout causes downtime/,
    ],
  ];

  for (const [what, type, before, after, expected] of cases) {
    it(`${expected ? "include" : "exclude"} ${what}`, () => {
      const [found] = change(type, before, after);
      assert.ok(found);
      if (expected) {
        assert.match(found.dangers.join("; "), expected);
      } else {
        assert.deepEqual(found.dangers, []);
      }
    });
  }

  it("include the data of a resized disk that nothing retains", () => {
    const of = (storage: string) => ({
      ...stack(resource("apps/v1/StatefulSet", claim(storage))),
      lifecycle: "ephemeral" as const,
    });
    const [found] = compareStacks(of("10Gi"), of("20Gi")).differences;
    assert.deepEqual(found?.dangers, [
      "datastore stops; its disks are deleted with all of their data",
      "the size of a disk (10Gi → 20Gi) cannot change in place",
    ]);
  });

  it("exclude policies deleted with their workload, and exposure in a new environment", () => {
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

  it("sort their changes before the others", () => {
    const before = stack(resource("v1/Service", { a: 1 }, "a"), resource(SQL, { region: "a" }, "z"));
    const after = stack(resource("v1/Service", { a: 2 }, "a"), resource(SQL, { region: "b" }, "z"));
    assert.deepEqual(
      compareStacks(before, after).differences.map(({ name }) => name),
      ["z", "a"],
    );
  });
});
