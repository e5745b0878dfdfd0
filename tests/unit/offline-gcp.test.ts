import assert from "node:assert/strict";
import { gcp } from "../../offline/gcp";
import { merge, text, UNKNOWN, type Properties } from "../../offline/values";
import { problems, rule, subject } from "../support/offline-rules";

describe("offline Google Cloud", () => {
  const SQL = "gcp:sql/databaseInstance:DatabaseInstance";
  const CLUSTER = "gcp:container/cluster:Cluster";
  const instance: Properties = {
    databaseVersion: "POSTGRES_17",
    settings: {
      edition: "ENTERPRISE",
      tier: "db-custom-2-7680",
      availabilityType: "REGIONAL",
      backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true },
      ipConfiguration: { ipv4Enabled: false, privateNetwork: "network" },
    },
  };

  rule(
    gcp,
    SQL,
    instance,
    { settings: { tieer: "x" } },
    /settings\.tieer: no such property; did you mean tier\?/,
  );
  rule(gcp, SQL, instance, { settings: { diskAutoresize: "yes" } }, /diskAutoresize: expected true or false/);
  rule(gcp, SQL, instance, { settings: [] }, /settings: expected an object, got a list/);
  rule(gcp, SQL, instance, { settings: { tier: "huge" } }, /expected a tier such as/);
  rule(gcp, SQL, instance, { settings: { tier: "db-custom-3-7680" } }, /an even number up to 96, got 3/);
  rule(gcp, SQL, instance, { settings: { tier: "db-custom-2-4000" } }, /in steps of 256, got 4000/);
  rule(gcp, SQL, instance, { settings: { tier: "db-custom-8-3840" } }, /0\.9 to 6\.5 GiB/);
  rule(gcp, SQL, instance, { settings: { edition: "ENTERPRISE_PLUS" } }, /has no db-custom-2-7680/);
  rule(
    gcp,
    SQL,
    instance,
    { settings: { tier: "db-perf-optimized-N-2" } },
    /settings\.edition: db-perf-optimized-N-2 needs the edition ENTERPRISE_PLUS/,
  );
  rule(gcp, SQL, instance, { settings: { tier: "db-perf-optimized-N-3" } }, /expected a tier such as/);
  rule(
    gcp,
    "gcp:servicenetworking/connection:Connection",
    { network: "n", service: "servicenetworking.googleapis.com", reservedPeeringRanges: ["r"] },
    { deletionPolicy: "ABANDON" },
    /deletionPolicy: leaves the peering, and its network cannot be deleted/,
  );
  it("rejects a subnetwork in another region of the same network, whose ranges are still in use", () => {
    const ranges = { ipCidrRange: "10.0.0.0/20", network: "projects/p/global/networks/n" };
    const of = (inputs: Properties) => subject("gcp:compute/subnetwork:Subnetwork", { ...ranges, ...inputs });
    const before = of({ region: "us-central1" }).inputs;
    assert.match(
      gcp.check(of({ region: "us-east1" }), before)[0]?.reason ?? "",
      /created before the one in us-central1 is deleted, and its ranges overlap/,
    );
    assert.deepEqual(
      gcp.check(of({ region: "us-east1", network: "projects/p/global/networks/m" }), before),
      [],
    );
    assert.deepEqual(gcp.check(of({ region: "us-east1", ipCidrRange: "10.1.0.0/20" }), before), []);
  });
  rule(
    gcp,
    SQL,
    instance,
    { settings: { backupConfiguration: { pointInTimeRecoveryEnabled: false } } },
    /REGIONAL needs backups and point-in-time recovery/,
  );
  rule(gcp, SQL, instance, { name: "Upper" }, /name: expected 1 to 85 lower-case/);
  rule(gcp, SQL, instance, { region: "us-centrall1" }, /did you mean us-central1\?/);
  rule(gcp, SQL, instance, { project: "x" }, /project: expected the id of a project/);

  rule(
    gcp,
    "gcp:compute/network:Network",
    { routingMode: "GLOBAL" },
    { routingMode: "GLOBL" },
    /one of REGIONAL, GLOBAL/,
  );
  rule(
    gcp,
    "gcp:compute/subnetwork:Subnetwork",
    { network: "n", ipCidrRange: "10.0.0.0/20" },
    { ipCidrRange: "10.0.0.1/20" },
    /not the first of a range/,
  );
  rule(
    gcp,
    "gcp:compute/subnetwork:Subnetwork",
    { network: "n", secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.4.0.0/14" }] },
    { secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.4.0.0/99" }] },
    /secondaryIpRanges\[0\]\.ipCidrRange: expected an address range/,
  );
  const KAFKA = "gcp:managedkafka/cluster:Cluster";
  const kafka: Properties = {
    clusterId: "events",
    location: "us-central1",
    capacityConfig: { vcpuCount: "3", memoryBytes: String(3 * 2 ** 30) },
    gcpConfig: { accessConfig: { networkConfigs: [{ subnet: "projects/p/regions/r/subnetworks/s" }] } },
  };
  rule(gcp, KAFKA, kafka, { capacityConfig: { vcpuCount: "2" } }, /expected 3 virtual CPUs or more, as text/);
  rule(gcp, KAFKA, kafka, { capacityConfig: { memoryBytes: "1" } }, /expected 1 to 8 GiB for each of 3/);
  it("rejects fewer partitions of a topic", () => {
    const topic = { topicId: "t", cluster: "c", location: "us-central1", replicationFactor: 3 };
    const of = (partitionCount: number) =>
      subject("gcp:managedkafka/topic:Topic", { ...topic, partitionCount });
    assert.deepEqual(gcp.check(of(6), of(3).inputs), []);
    assert.match(gcp.check(of(3), of(6).inputs)[0]?.reason ?? "", /expected at least 6, got 3/);
  });
  rule(gcp, CLUSTER, { enableAutopilot: true }, { nodePools: [] }, /managed by Autopilot/);
  rule(
    gcp,
    CLUSTER,
    { location: "europe-west3" },
    { location: "europe-west33-a" },
    /no region of Google Cloud/,
  );
  rule(gcp, CLUSTER, {}, { nodePools: [] }, /use NodePool/);
  rule(
    gcp,
    CLUSTER,
    { removeDefaultNodePool: true, initialNodeCount: 1 },
    { initialNodeCount: null },
    /needs a first node/,
  );
  rule(
    gcp,
    "gcp:serviceaccount/account:Account",
    { accountId: "longshore-nodes" },
    { accountId: "x" },
    /accountId: expected 6 to 30/,
  );
  rule(
    gcp,
    "gcp:projects/iAMMember:IAMMember",
    { project: "acme-prod", role: "roles/viewer", member: "user:a@example.com" },
    { member: "a@example.com" },
    /a kind and a name/,
  );
  rule(
    gcp,
    "gcp:projects/iAMMember:IAMMember",
    { project: "acme-prod", role: "roles/viewer", member: "user:a@example.com" },
    { role: "viewer" },
    /a role such as/,
  );
  rule(
    gcp,
    "gcp:artifactregistry/repository:Repository",
    { repositoryId: "gcr.io", format: "DOCKER", location: "us" },
    { repositoryId: "My Images" },
    /repositoryId: expected lower-case/,
  );
  rule(
    gcp,
    "gcp:projects/service:Service",
    { service: "compute.googleapis.com" },
    { service: "compute" },
    /an API such as/,
  );

  it("names a missing input", () => {
    assert.deepEqual(problems(gcp, "gcp:sql/user:User", {}), ["instance: required, but not set"]);
  });

  it("refuses a type that the SDK does not have, and one that it cannot plan yet", () => {
    assert.match(problems(gcp, "gcp:sql/databases:Databases", {}).join(), /does not exist in version/);
    assert.match(
      problems(gcp, "gcp:pubsub/topic:Topic", {}).join(),
      /cannot plan gcp:pubsub\/topic:Topic yet/,
    );
  });

  it("takes unknown values as right", () => {
    assert.deepEqual(
      problems(gcp, SQL, merge(instance, { region: UNKNOWN, settings: { tier: UNKNOWN } })),
      [],
    );
  });

  it("knows what replaces a resource", () => {
    const replaces = (path: string, before: Properties = {}, after: Properties = {}) =>
      gcp.replaces(SQL, { path: path.split("."), kind: "update" }, before, after);
    assert.equal(replaces("region"), true);
    assert.equal(replaces("settings.tier"), false);
    assert.equal(
      replaces("settings.diskSize", { settings: { diskSize: 20 } }, { settings: { diskSize: 10 } }),
      true,
    );
    assert.equal(
      replaces("settings.diskSize", { settings: { diskSize: 10 } }, { settings: { diskSize: 20 } }),
      false,
    );
  });

  it("generates a name once", () => {
    const network = subject("gcp:compute/network:Network", {});
    assert.deepEqual(gcp.complete(network, undefined, "1234567"), { name: "thing-1234567" });
    assert.deepEqual(gcp.complete(network, { name: "thing-7654321" }, "1234567"), { name: "thing-7654321" });
    assert.deepEqual(gcp.complete({ ...network, inputs: { name: "mine" } }, undefined, "1234567"), {});
  });

  it("keeps a private address unknown in a preview, and what it was in an update", () => {
    const created = (options: { preview: boolean; previous: Properties | undefined }) =>
      gcp.create(subject(SQL, { ...instance, name: "db" }), { unique: "1", ...options }).outputs;
    assert.equal(created({ preview: true, previous: undefined }).privateIpAddress, undefined);
    assert.equal(created({ preview: true, previous: undefined }).connectionName, "acme-prod:us-central1:db");
    assert.equal(
      created({ preview: true, previous: { privateIpAddress: "10.1.2.3" } }).privateIpAddress,
      "10.1.2.3",
    );
    const applied = created({ preview: false, previous: undefined });
    assert.match(text(applied.privateIpAddress) ?? "", /^10\./);
    assert.deepEqual(created({ preview: false, previous: undefined }), applied);
  });
});
