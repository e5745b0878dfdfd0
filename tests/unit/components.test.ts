import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { BackupBucket } from "../../components/backup-bucket";
import { GkeCluster } from "../../components/cluster";
import { GeneratedSecret } from "../../components/generated-secret";
import { Image } from "../../components/image";
import { LogArchive } from "../../components/log-archive";
import { Network } from "../../components/network";
import { CloudSqlPostgres } from "../../components/postgres";
import { Registry } from "../../components/registry";
import { Workload } from "../../components/workload";
import { settled } from "../support/settled";

interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Resources that the components register. Tests with the real engine cover secrets and dependencies. */
const created: Created[] = [];
const named = (name: string): Created => {
  const found = created.find((one) => one.name === name);
  assert.ok(found, `no ${name} among ${created.map((one) => one.name).join(", ")}`);
  return found;
};

describe("components", () => {
  before(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ type, name, inputs, id }) => {
        created.push({ type, name, inputs: inputs as Record<string, unknown> });
        const state = {
          ...(inputs as object),
          selfLink: `link/${name}`,
          digest: "sha256:1",
          email: `${name}@acme`,
          member: `serviceAccount:${name}@acme`,
          result: "generated",
          controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: "gke-1.example" } },
        };
        return { id: id ?? `${name}-id`, state };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "components", "test", false);
  });
  beforeEach(() => {
    created.length = 0;
  });

  const value = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));
  it("names children after their parent", async () => {
    new Network("net", { region: "us-central1" });
    await settled(created);
    assert.deepEqual(created.map(({ name }) => name).sort(), [
      "net",
      "net-managed-access",
      "net-managed-range",
      "net-nat",
      "net-router",
      "net-subnet",
      "net-vpc",
    ]);
  });

  it("lets a transform change what a child gets, by values or by a function", async () => {
    new Network("net", {
      region: "us-central1",
      transform: {
        network: { routingMode: "GLOBAL" },
        nat: (args) => ({ ...args, minPortsPerVm: 128 }),
      },
    });
    await settled(created);
    assert.equal(named("net-vpc").inputs.routingMode, "GLOBAL");
    assert.equal(named("net-vpc").inputs.autoCreateSubnetworks, false);
    assert.equal(named("net-nat").inputs.minPortsPerVm, 128);
    assert.equal(named("net-nat").inputs.natIpAllocateOption, "AUTO_ONLY");
  });

  it("gives nodes an account that may report and pull, and nothing else", async () => {
    const network = new Network("net", { region: "us-central1" });
    const registry = new Registry("registry", { project: "acme-prod", host: "gcr.io" });
    const cluster = new GkeCluster("cluster", {
      project: "acme-prod",
      region: "us-central1",
      network,
      registry,
    });
    assert.match(await value(cluster.kubeconfig), /https:\/\/gke-1\.example/);
    await settled(created);
    const roles = created.filter(({ inputs }) => inputs.role !== undefined).map(({ inputs }) => inputs.role);
    assert.deepEqual(roles.sort(), [
      "roles/artifactregistry.reader",
      "roles/container.defaultNodeServiceAccount",
    ]);
    // Without the API's version, which differs between releases of the provider.
    const { clusterIdentifier } = named("cluster-kubernetes").inputs;
    assert.match(String(clusterIdentifier), /^projects\/acme-prod\/locations\/us-central1\/clusters\//);
    assert.equal(created.filter(({ type }) => type === "gcp:container/nodePool:NodePool").length, 0);
  });

  it("mirrors public registries, and lets builds push and do nothing else", async () => {
    const registry = new Registry("mirrored", {
      project: "acme-prod",
      location: "europe-west3",
      mirrors: ["docker.io", "quay.io"],
      transform: { mirror: { labels: { team: "platform" } } },
    });
    const ci = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*";
    registry.allowPush("ci", ci);
    await settled(created);
    assert.deepEqual([...registry.mirrors.keys()], ["docker.io", "quay.io"]);
    const hub = named("mirrored-mirror-docker-io").inputs;
    assert.equal(hub.mode, "REMOTE_REPOSITORY");
    assert.deepEqual(hub.labels, { team: "platform" });
    assert.deepEqual(hub.remoteRepositoryConfig, { dockerRepository: { publicRepository: "DOCKER_HUB" } });
    assert.deepEqual(named("mirrored-mirror-quay-io").inputs.remoteRepositoryConfig, {
      commonRepository: { uri: "https://quay.io" },
    });
    const rights = created.filter(({ name }) => name.startsWith("mirrored-ci-push"));
    assert.deepEqual(
      rights.map(({ inputs }) => [inputs.role, inputs.member]),
      [
        ["roles/artifactregistry.writer", ci],
        ["roles/artifactregistry.writer", ci],
      ],
    );
  });

  it("keeps logs of one cluster for as long as it is told", async () => {
    const logs = { project: "acme-prod", location: "global", bucketId: "prod", cluster: "main" };
    new LogArchive("logs", { ...logs, days: 365 });
    await settled(created);
    assert.equal(named("logs-bucket").inputs.retentionDays, 365);
    assert.match(String(named("logs-sink").inputs.filter), /cluster_name="main"/);
    // Otherwise the default sink would store every entry a second time.
    assert.equal(named("logs-exclusion").inputs.filter, named("logs-sink").inputs.filter);
    assert.throws(() => new LogArchive("none", { ...logs, days: 0 }), /days: expected 1 to 3650, got 0/);
  });

  it("closes a bucket for dumps to everybody but those it is told of", async () => {
    const backups = new BackupBucket("backups", { project: "acme-prod", location: "europe-west3" });
    backups.allow("orders-db", "serviceAccount:dump@acme-prod.iam.gserviceaccount.com");
    await settled(created);
    const { uniformBucketLevelAccess, publicAccessPrevention, forceDestroy } = named("backups-bucket").inputs;
    assert.deepEqual(
      [uniformBucketLevelAccess, publicAccessPrevention, forceDestroy],
      [true, "enforced", false],
    );
    assert.equal(named("orders-db-dumps").inputs.role, "roles/storage.objectUser");
  });

  it("makes the pools of a standard cluster, with one of its own when none is named", async () => {
    const network = new Network("net", { region: "us-central1" });
    const common = { project: "acme-prod", region: "us-central1", network, mode: "standard" } as const;
    new GkeCluster("one", common);
    new GkeCluster("two", {
      ...common,
      pools: { general: {}, gpu: { gpu: { type: "nvidia-l4", count: 1 } } },
    });
    await settled(created);
    const pools = created
      .filter(({ type }) => type === "gcp:container/nodePool:NodePool")
      .map(({ name }) => name);
    assert.deepEqual(pools.sort(), ["one-pool-general", "two-pool-general", "two-pool-gpu"]);
  });

  it("refers to an image by its digest", async () => {
    const image = new Image("backend", { repository: "gcr.io/acme/backend", tag: "src-1", context: "." });
    assert.equal(await value(image.reference), "gcr.io/acme/backend@sha256:1");
    assert.equal(named("backend-build").inputs.buildOnPreview, false);
  });

  it("builds an image upon another's digest, beside folders", async () => {
    const base = new Image("base", { repository: "gcr.io/acme/base", tag: "src-0", context: "images/base" });
    new Image("upon", {
      repository: "gcr.io/acme/upon",
      tag: "src-1",
      context: "app",
      contexts: { shared: "shared" },
      bases: { base: base.reference },
    });
    await settled(created);
    assert.deepEqual(named("upon-build").inputs.context, {
      location: "app",
      named: {
        shared: { location: "shared" },
        base: { location: "docker-image://gcr.io/acme/base@sha256:1" },
      },
    });
  });

  it("keeps a database from deletion exactly where the environment does", async () => {
    for (const lifecycle of ["retain", "ephemeral"] as const) {
      new CloudSqlPostgres(lifecycle, {
        project: "acme-prod",
        region: "us-central1",
        network: "network",
        database: "app",
        admin: { name: "postgres", password: "hunter2" },
        lifecycle,
      });
    }
    await settled(created);
    assert.equal(named("retain-instance").inputs.deletionProtection, true);
    assert.equal(named("ephemeral-instance").inputs.deletionProtection, false);
    assert.equal(named("retain-admin").inputs.deletionPolicy, "ABANDON");
  });

  it("generates a new secret only for a new generation", async () => {
    new GeneratedSecret("one");
    new GeneratedSecret("two", { length: 20, generation: 2 });
    new GeneratedSecret("three", { kind: "hex", length: 64 });
    await settled(created);
    assert.deepEqual(named("three-value").inputs, { length: 32, keepers: { generation: "1" } });
    assert.deepEqual(named("one-value").inputs, { length: 32, special: false, keepers: { generation: "1" } });
    assert.deepEqual(named("two-value").inputs, { length: 20, special: false, keepers: { generation: "2" } });
  });

  it("names objects by their kind, so that a hash in a name does not make another resource", async () => {
    const job = (name: string) => ({ apiVersion: "batch/v1", kind: "Job", metadata: { name } });
    const service = (name: string) => ({ apiVersion: "v1", kind: "Service", metadata: { name } });
    const workload = new Workload("todo-migrate", {
      objects: [service("a"), service("b"), job("migrate-1a2b3c")],
    });
    await settled(created);
    assert.deepEqual(created.map(({ name }) => name).sort(), [
      "todo-migrate",
      "todo-migrate-job",
      "todo-migrate-service",
      "todo-migrate-service-2",
    ]);
    assert.ok(workload.controller);
    assert.equal(named("todo-migrate-job").inputs.kind, "Job");
  });

  it("runs a Job again that failed, under the same name", async () => {
    new Workload("shop-migrate", {
      objects: [{ apiVersion: "batch/v1", kind: "Job", metadata: { name: "migrate-1a2b3c" } }],
    });
    await settled(created);
    const { metadata } = named("shop-migrate-job").inputs as { metadata: { annotations: object } };
    assert.deepEqual(metadata.annotations, { "pulumi.com/replaceUnready": "true" });
  });

  it("takes the number of pods back from an autoscaler that is gone", async () => {
    const metadata = { name: "web" };
    const spec = { replicas: 3 };
    new Workload("shop-web", { objects: [{ apiVersion: "apps/v1", kind: "Deployment", metadata, spec }] });
    await settled(created);
    assert.deepEqual(named("shop-web-deployment").inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", annotations: { "pulumi.com/patchForce": "true" } },
      spec,
    });
  });

  it("starts the autoscaler's smallest number of pods", async () => {
    const metadata = { name: "web" };
    new Workload("shop-web", {
      objects: [
        { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector: {} } },
        { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata, spec: { minReplicas: 6 } },
      ],
    });
    await settled(created);
    assert.deepEqual(named("shop-web-deployment").inputs.spec, { selector: {}, replicas: 6 });
  });

  // The provider waits up to ten minutes for a pod of every Service, and pods are created after their Service.
  it("lets no Service wait for pods that wait for it", async () => {
    const metadata = { name: "web", annotations: { "example.com/kept": "yes" } };
    new Workload("shop-web", {
      objects: [
        { apiVersion: "v1", kind: "Service", metadata },
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" } },
      ],
    });
    await settled(created);
    assert.deepEqual((named("shop-web-service").inputs.metadata as typeof metadata).annotations, {
      "example.com/kept": "yes",
      "pulumi.com/skipAwait": "true",
    });
    assert.deepEqual(named("shop-web-config-map").inputs.metadata, { name: "web" });
  });
});
