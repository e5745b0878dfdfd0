import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system } from "../../catalog/define";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { WorkloadIdentity } from "../../components/identity";
import { accountId } from "../../components/identity.args";
import { ManagedKafka } from "../../components/kafka";
import { managedKafkaHost, managedKafkaSpec } from "../../components/kafka.args";
import { googleOptions, renderKubernetes } from "../../render/kubernetes";
import { readSettings } from "../../settings/read";

const MANAGED: PlanSettings = {
  environment: "prod",
  target: "gcp",
  datastores: { events: { kind: "managed-kafka" } },
};

const streaming = (topics = { orders: { partitions: 6, retention: "24h" as const } }) =>
  system("streaming", ({ upstream, service, kafka }) => {
    const events = kafka("events", { topics });
    const image = upstream("web", "python:3.13-slim", { runtime: "python" });
    const resources = { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] } as const;
    service("worker", {
      image,
      env: {
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        KAFKA_SASL_MECHANISM: events.saslMechanism,
      },
      resources: { cpu: [...resources.cpu], memory: [...resources.memory] },
    });
    service("web", { image, resources: { cpu: [...resources.cpu], memory: [...resources.memory] } });
  });

const problems = (settings: PlanSettings, definition = streaming()): string[] =>
  checkSystem(definition, settings).map(({ path, message, fix }) => `${path}: ${message}; ${fix ?? ""}`);

const workerOf = (settings: PlanSettings) => {
  const plan = planSystem(streaming(), settings);
  const worker = plan.workloads.find(({ name }) => name === "worker");
  assert.ok(worker);
  return { plan, worker };
};

describe("Kafka on Google's Managed Service", () => {
  it("is no container: clients speak TLS and log in as who they are", () => {
    const { plan, worker } = workerOf(MANAGED);
    assert.deepEqual(plan.workloads.map(({ name }) => name).sort(), ["web", "worker"]);
    const bootstrap = { late: "text", parts: [{ late: "host", datastore: "events" }, ":9092"] };
    assert.deepEqual(worker.env, [
      { name: "KAFKA_BOOTSTRAP", value: bootstrap },
      { name: "KAFKA_SASL_MECHANISM", value: "OAUTHBEARER" },
      { name: "KAFKA_SECURITY_PROTOCOL", value: "SASL_SSL" },
    ]);
    assert.deepEqual(worker.connects, [{ to: "datastore", datastore: "events", port: 9092 }]);
  });

  it("grants only its clients a role on Google Cloud and access to their tokens", () => {
    const { plan } = workerOf(MANAGED);
    assert.deepEqual(
      plan.workloads.map(({ name, roles }) => [name, roles]),
      [
        ["web", undefined],
        ["worker", ["roles/managedkafka.client"]],
      ],
    );
    const objects = renderKubernetes<string>(plan, {
      ...googleOptions(plan),
      resolver: { secret: () => "s", host: () => "h", text: (parts) => parts.join("") },
      imageReference: ({ name }) => name,
      datastoreRange: () => "10.0.0.0/20",
      accountAnnotations: ({ name }) => ({ who: name }),
    });
    const policy = JSON.stringify(
      objects.filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "worker"),
    );
    assert.match(policy, /"cidr":"169\.254\.169\.254\/32"\}\}\],"ports":\[\{"port":80,/);
    assert.match(policy, /"cidr":"10\.0\.0\.0\/20"\}\}\],"ports":\[\{"port":9092,/);
    const web = objects.filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "web");
    assert.doesNotMatch(JSON.stringify(web), /169\.254/);
    const account = objects.find(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === "worker",
    );
    assert.deepEqual(account?.metadata.annotations, { who: "worker" });
  });

  it("stays a container where nothing asks for it, without a login", () => {
    for (const target of ["compose", "kubernetes", "gcp"] as const) {
      const { worker } = workerOf({ environment: "prod", target });
      assert.deepEqual(
        worker.env.map(({ name, value }) => `${name}=${JSON.stringify(value)}`),
        ['KAFKA_BOOTSTRAP="events:9092"', 'KAFKA_SECURITY_PROTOCOL="PLAINTEXT"'],
      );
      assert.equal(worker.roles, undefined);
    }
  });

  it("says what it cannot give, and what to do instead", () => {
    const asked = (events: object, target = "gcp") =>
      problems({ environment: "prod", target, datastores: { events } } as PlanSettings);
    const kind = "managed-kafka";
    assert.deepEqual(asked({ kind }), []);
    assert.deepEqual(asked({ kind }, "kubernetes"), [
      "streaming.datastores.events.kind: the target kubernetes has no Managed Service for Apache Kafka; use kind: container",
    ]);
    assert.deepEqual(asked({ kind, vcpus: 2 }), [
      "streaming.datastores.events.vcpus: Google's smallest cluster has 3 virtual CPUs, got 2; " +
        "use 3 or more, or kind: container (one broker in the cluster)",
    ]);
    assert.match(
      asked({ kind, vcpus: 4, memory: "64Gi" }).join(),
      /memory: expected 1 to 8 GiB .*4Gi to 32Gi/,
    );
    assert.match(asked({ kind: "cloud-sql" }).join(), /expected container or managed-kafka, got cloud-sql/);
    const odd = streaming({ _orders: { partitions: 1, retention: "24h" } } as never);
    assert.match(
      problems(MANAGED, odd).join(),
      /topics\._orders: Google's topics start with a letter or a digit/,
    );
  });

  it("is sized by the stack's settings, which say that Google runs no Neo4j", () => {
    const graph = system("graphs", ({ neo4j, upstream, service }) => {
      const db = neo4j("db");
      service("web", {
        image: upstream("web", "python:3.13-slim", { runtime: "python" }),
        env: { NEO4J_URL: db.url },
        resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
      });
    });
    const read = (values: object) =>
      readSettings(
        {
          stack: "prod",
          values: { domain: "example.com", gcp: { project: "example-prod" }, ...values },
          source: "Pulumi.prod.yaml",
        },
        { streaming: streaming(), graphs: graph },
      );
    const events = { kind: "managed-kafka", vcpus: 6, memory: "24Gi" };
    assert.deepEqual(read({ streaming: { datastores: { events } } }).perSystem["streaming"]?.datastores, {
      events,
    });
    assert.throws(
      () => read({ streaming: { datastores: { events: { ...events, vcpus: 2 } } } }),
      /streaming\.datastores\.events\.vcpus: .*3 or more/,
    );
    assert.throws(
      () => read({ graphs: { datastores: { db: { kind: "managed" } } } }),
      /graphs\.datastores\.db\.kind: .*Google Cloud runs no Neo4j, so it runs in the cluster/,
    );
  });
});

describe("the component ManagedKafka alone", () => {
  const created = new Map<string, Record<string, unknown>>();
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs }) => {
          created.set(name, inputs as Record<string, unknown>);
          const email = `${name}@acme.iam`;
          return {
            id: `${name}-id`,
            state: { ...(inputs as object), email, member: `serviceAccount:${email}` },
          };
        },
        call: () => ({}),
      },
      "components",
      "test",
      false,
    );
  });
  const known = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));

  it("makes the cluster, its topics, and who may use them", async () => {
    const place = { project: "acme-prod", region: "europe-west3" };
    const identity = new WorkloadIdentity("orders-worker", {
      project: place.project,
      accountId: "orders-worker",
      serviceAccount: { namespace: "orders", name: "worker" },
      roles: ["roles/managedkafka.client"],
    });
    const events = new ManagedKafka("orders-events", {
      ...place,
      subnetwork: "projects/acme-prod/regions/europe-west3/subnetworks/nodes",
      topics: { orders: { partitions: 6, settings: { "retention.ms": "86400000" } } },
      clients: [identity.email],
      lifecycle: "ephemeral",
      transform: {
        cluster: { labels: { team: "orders" } },
        topic: (args) => ({ ...args, partitionCount: 12 }),
      },
    });
    assert.equal(
      await known(events.host),
      "bootstrap.orders-events.europe-west3.managedkafka.acme-prod.cloud.goog",
    );
    const [acl] = events.acls.values();
    const [topic] = events.topics.values();
    assert.ok(acl && topic);
    await Promise.all([known(acl.urn), known(topic.urn), known(identity.binding.urn)]);
    assert.deepEqual(created.get("orders-events-cluster")?.["capacityConfig"], {
      vcpuCount: "3",
      memoryBytes: String(3 * 2 ** 30),
    });
    assert.deepEqual(created.get("orders-events-cluster")?.["labels"], { team: "orders" });
    assert.equal(created.get("orders-events-topic-orders")?.["partitionCount"], 12);
    assert.equal(created.get("orders-events-topic-orders")?.["replicationFactor"], 3);
    const entries = created.get("orders-events-acl-orders")?.["aclEntries"] as { principal: string }[];
    assert.deepEqual(
      [...new Set(entries.map(({ principal }) => principal))],
      ["User:orders-worker-account@acme.iam"],
    );
    assert.equal(
      created.get("orders-worker-binding")?.["member"],
      "serviceAccount:acme-prod.svc.id.goog[orders/worker]",
    );
  });

  it("refuses what the service cannot give, all of it at once", () => {
    assert.throws(
      () => managedKafkaSpec("events", { vcpus: 2, memory: "64Gi", topics: { a: { partitions: 0 } } }),
      (error: Error) =>
        [
          "vcpus: expected a whole number from 3, got 2",
          "memory: expected 1Gi to 8Gi",
          "topics.a.partitions",
        ].every((part) => error.message.includes(part)),
    );
  });

  it("knows the address in a project of a domain", () => {
    assert.equal(
      managedKafkaHost("c", "us-east1", "example.com:acme"),
      "bootstrap.c.us-east1.managedkafka.acme.example.com.cloud.goog",
    );
  });

  it("makes ids of accounts that fit and do not meet", () => {
    assert.equal(accountId("todo", "backend", "prod"), "todo-backend-prod");
    const long = accountId("neurascale", "neural-processor", "staging");
    assert.match(long, /^neurascale-neural-proce-[0-9a-f]{6}$/);
    assert.notEqual(long, accountId("neurascale", "neural-processor", "production"));
    assert.match(accountId("a", "b"), /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/);
  });
});
