import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type Vocabulary } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import type { Target } from "../../catalog/plan/types";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { renderKubernetes } from "../../render/kubernetes";
import { readSettings } from "../../settings/read";
import { textOptions } from "../support/kubernetes-plan";
import { storesPlan, storesSystem } from "../support/stores-sample";

const workload = (plan: Plan, name: string) => {
  const found = plan.workloads.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};
const file = (plan: Plan, name: string, path: string) =>
  workload(plan, name).configFiles.find((one) => one.path === path)?.content ?? "";

function problems(describeSystem: (words: Vocabulary) => void): string[] {
  const definition = system("sample", describeSystem);
  return checkSystem(definition, { environment: "prod", target: "gcp" }).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe("Redis, Kafka and Neo4j in a plan", () => {
  const plan = storesPlan();
  const { env, secretFiles, after, connects } = workload(plan, "client");

  it("are containers on every target, with published images and users that are not root", () => {
    for (const target of ["compose", "kubernetes", "gcp"] satisfies Target[]) {
      const { datastores, images, workloads } = planSystem(storesSystem(), { environment: "prod", target });
      assert.deepEqual(
        datastores.map(({ name, kind }) => [name, kind]),
        [
          ["cache", "container"],
          ["events", "container"],
          ["graph", "container"],
        ],
      );
      assert.deepEqual(
        images.flatMap(({ name, source, user }) =>
          source.kind === "upstream" && name !== "client" ? [[source.reference, user]] : [],
        ),
        [
          ["redis:7", 999],
          ["apache/kafka:4.1.1", 1000],
          ["neo4j:5.26-community", 7474],
        ],
      );
      assert.deepEqual(
        workloads.map(({ name, kind }) => `${name} ${kind}`),
        ["cache store", "client service", "events store", "events-topics job", "graph store"],
      );
    }
  });

  it("resolve references: passwords into files, addresses into variables", () => {
    assert.deepEqual(
      env.map(({ name, value }) => [name, value]),
      [
        ["KAFKA_BOOTSTRAP", "events:9092"],
        ["KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"],
        ["KAFKA_TOPIC", "samples"],
        ["NEO4J_URI", "bolt://graph:7687"],
        ["NEO4J_USER", "neo4j"],
      ],
    );
    assert.deepEqual(
      secretFiles.map(({ variable, value }) => [variable, value]),
      [
        ["NEO4J_PASSWORD_FILE", { late: "secret", secret: "graph-password" }],
        [
          "REDIS_URL_FILE",
          {
            late: "text",
            parts: [
              "redis://:",
              { late: "secret", secret: "cache-password", encode: "uri" },
              "@cache:6379/0",
            ],
          },
        ],
      ],
    );
    assert.deepEqual(
      plan.secrets.map(({ name, from }) => [name, from]),
      [
        ["cache-password", "generated"],
        ["graph-password", "generated"],
      ],
    );
  });

  it("come before their users: healthy, or with their job done", () => {
    assert.deepEqual(after, [
      { workload: "cache", condition: "healthy" },
      { workload: "events-topics", condition: "completed" },
      { workload: "graph", condition: "healthy" },
    ]);
    assert.deepEqual(
      connects.map((one) => (one.to === "workload" ? `${one.workload}:${one.port}` : "")),
      ["cache:6379", "events:9092", "graph:7687"],
    );
  });

  it("have no job for a Kafka without topics", () => {
    const { workloads, startOrder } = planSystem(
      system("sample", ({ kafka }) => {
        kafka("events");
      }),
      { environment: "local", target: "compose" },
    );
    assert.equal(workloads.length, 1);
    assert.deepEqual(startOrder, ["events"]);
  });

  it("write the options of Redis into its configuration, and a cache needs no disk", () => {
    const cachePlan = planSystem(
      system("sample", ({ redis }) => {
        redis("cache", { maxMemory: "100Mi", eviction: "allkeys-lru", appendOnly: false });
      }),
      { environment: "local", target: "compose" },
    );
    const text = file(cachePlan, "cache", "/etc/longshore/redis.conf");
    assert.match(text, /^maxmemory 104857600$/m);
    assert.match(text, /^maxmemory-policy allkeys-lru$/m);
    assert.match(text, /^appendonly no$/m);
    assert.deepEqual(workload(cachePlan, "cache").volumes, []);
    assert.match(file(plan, "cache", "/etc/longshore/redis.conf"), /^appendonly yes$/m);
    assert.equal(workload(plan, "cache").volumes[0]?.path, "/data");
  });

  it("list topics with every setting, so that a removed one is reset to its default", () => {
    assert.equal(
      file(plan, "events-topics", "/etc/longshore/topics.txt"),
      "commands 1 cleanup.policy=compact retention.bytes=-1 retention.ms=604800000\n" +
        "samples 2 cleanup.policy=delete retention.bytes=-1 retention.ms=86400000\n",
    );
  });

  it("are what the API server accepts", () => {
    const objects = renderKubernetes(
      planSystem(storesSystem(), { environment: "prod", target: "gcp" }),
      textOptions(),
    );
    assert.deepEqual(
      objects.flatMap((object) => checkKubernetesObject(object)),
      [],
    );
  });
});

describe("checks of Redis, Kafka and Neo4j", () => {
  it("name every mistake with what was expected", () => {
    const found = problems(({ redis, kafka, neo4j }) => {
      redis("cache", { maxMemory: "500Mi", eviction: "lru" as "allkeys-lru", version: 6 as 7 });
      redis("other", { maxmemory: "1Gi" } as object);
      kafka("events", {
        storage: "much" as "1Gi",
        topics: {
          __own: {},
          samples: { partitions: 0, retention: "soon" as "1h", retentionSize: "1GB" as "1Gi" },
          log: { cleanup: "compacted" as "compact", partition: 2 } as object,
        },
      });
      neo4j("graph", { resources: { cpu: ["1", "1"], memory: ["256Mi", "512Mi"] } });
    });
    assert.deepEqual(found.sort(), [
      'sample.cache.eviction: expected noeviction, allkeys-lru, allkeys-lfu, allkeys-random, volatile-lru, volatile-lfu, volatile-random or volatile-ttl, got "lru"',
      "sample.cache.resources.memory: the limit 512Mi leaves no room beside maxMemory 500Mi: expected a quarter more than that",
      "sample.cache.version: expected 7, got 6",
      'sample.events.storage: expected a size such as 10Gi, got "much"',
      "sample.events.topics.__own: expected letters, digits, dots, _ and -, not starting with __",
      'sample.events.topics.log.cleanup: expected delete or compact, got "compacted"',
      "sample.events.topics.log.partition: unknown option",
      "sample.events.topics.samples.partitions: expected a whole number from 1 to 1000, got 0",
      'sample.events.topics.samples.retention: expected a time above zero such as 30s, got "soon"',
      'sample.events.topics.samples.retentionSize: expected a size such as 10Gi, got "1GB"',
      "sample.graph.resources.memory: expected a limit of 768Mi or more for neo4j, got 512Mi",
      "sample.other.maxmemory: unknown option",
    ]);
  });

  it("finds a name that the topics' job takes", () => {
    const found = problems(({ kafka, redis }) => {
      kafka("events", { topics: { samples: {} } });
      redis("events-topics");
    });
    assert.deepEqual(found, ["sample.events-topics: two services, jobs or datastores have this name"]);
  });

  it("refuses a managed kind that there is not", () => {
    const definition = storesSystem();
    const found = checkSystem(definition, {
      environment: "prod",
      target: "gcp",
      datastores: { cache: { kind: "cloud-sql" } },
    });
    assert.deepEqual(
      found.map(({ path, message }) => `${path}: ${message}`),
      ["stores.datastores.cache.kind: expected container or memorystore for Redis, got cloud-sql"],
    );
    const values = { stores: { datastores: { graph: { kind: "memorystore" } } } };
    assert.throws(
      () => readSettings({ stack: "local", values, source: "Pulumi.local.yaml" }, { stores: definition }),
      /stores\.datastores\.graph\.kind: expected container: Google Cloud runs no Neo4j/,
    );
  });

  it("knows the passwords that they bring, so that config may hold them", () => {
    const values = { secrets: { stores: { "cache-password": "x", "graph-password": "y" } } };
    const { secretsSet } = readSettings({ stack: "local", values, source: "x" }, { stores: storesSystem() });
    assert.deepEqual(secretsSet.stores, ["cache-password", "graph-password"]);
  });
});
