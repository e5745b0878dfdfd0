import assert from "node:assert/strict";
import fc from "fast-check";
import { changes, formatPath, matchesPattern } from "../../offline/diff";
import { dockerBuild } from "../../offline/docker-build";
import { gcp } from "../../offline/gcp";
import { kubernetes } from "../../offline/kubernetes";
import type { Planner } from "../../offline/planner";
import { random } from "../../offline/random";
import {
  isSecret,
  isUnknown,
  merge,
  secret,
  text,
  unwrap,
  UNKNOWN,
  type Json,
  type Properties,
} from "../../offline/values";

const subject = (type: string, inputs: Properties) => ({
  type,
  name: "thing",
  urn: `urn:pulumi:prod::test::${type}::thing`,
  inputs,
  config: { project: "acme-prod", region: "us-central1" },
});
const problems = (planner: Planner, type: string, inputs: Properties): string[] =>
  planner.check(subject(type, inputs)).map(({ property, reason }) => `${property}: ${reason}`);

/** A rule with inputs that pass, and a change of them that does not. */
function rule(planner: Planner, type: string, good: Properties, bad: Properties, message: RegExp): void {
  it(`${type.split(":").pop() ?? ""}: ${message.source}`, () => {
    assert.deepEqual(problems(planner, type, good), []);
    const found = problems(planner, type, merge(good, bad));
    assert.ok(
      found.some((text) => message.test(text)),
      `expected ${message.source}, got ${JSON.stringify(found)}`,
    );
  });
}

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
  it("knows that partitions of a topic can be added and never taken away", () => {
    const topic = { topicId: "t", cluster: "c", location: "us-central1", replicationFactor: 3 };
    const of = (partitionCount: number) =>
      subject("gcp:managedkafka/topic:Topic", { ...topic, partitionCount });
    assert.deepEqual(gcp.check(of(6), of(3).inputs), []);
    assert.match(gcp.check(of(3), of(6).inputs)[0]?.reason ?? "", /6 there, 3 asked for/);
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

describe("offline Kubernetes", () => {
  const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
  const deployment: Properties = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "backend", namespace: "todo" },
    spec: {
      selector: { matchLabels: { app: "backend" } },
      template: {
        metadata: { labels: { app: "backend" } },
        spec: { containers: [{ name: "backend", image: "backend:1" }] },
      },
    },
  };

  rule(kubernetes, DEPLOYMENT, deployment, { spec: { replicsa: 2 } }, /replicsa/);
  rule(kubernetes, DEPLOYMENT, deployment, { spec: { replicas: "two" } }, /replicas/);
  rule(
    kubernetes,
    DEPLOYMENT,
    deployment,
    { spec: { selector: { matchLabels: { app: "other" } } } },
    /selector|labels/,
  );
  rule(kubernetes, DEPLOYMENT, deployment, { metadata: { name: "Not_A_Name" } }, /name/);
  rule(
    kubernetes,
    DEPLOYMENT,
    deployment,
    { spec: { template: { spec: { containers: UNKNOWN } }, paused: 1 } },
    /paused/,
  );

  it("takes an unknown image as right", () => {
    const containers = [{ name: "backend", image: UNKNOWN }];
    assert.deepEqual(
      problems(kubernetes, DEPLOYMENT, merge(deployment, { spec: { template: { spec: { containers } } } })),
      [],
    );
  });

  it("lets custom resources pass, and refuses what needs a cluster", () => {
    const certificate = {
      apiVersion: "networking.gke.io/v1",
      kind: "ManagedCertificate",
      metadata: { name: "a" },
    };
    assert.deepEqual(
      problems(kubernetes, "kubernetes:networking.gke.io/v1:ManagedCertificate", certificate),
      [],
    );
    assert.match(problems(kubernetes, "kubernetes:helm.sh/v3:Release", {}).join(), /needs a cluster/);
  });

  it("refuses a kind that its group does not have", () => {
    const typo = { apiVersion: "apps/v1", kind: "Deploymnet", metadata: { name: "a" } };
    assert.notDeepEqual(problems(kubernetes, "kubernetes:apps/v1:Deploymnet", typo), []);
  });

  it("replaces a Secret whose data changes, under a new name where the name is made", () => {
    const type = "kubernetes:core/v1:Secret";
    const made = kubernetes.complete(subject(type, { metadata: {} }), undefined, "1234567");
    assert.deepEqual(made.metadata, {
      name: "thing-1234567",
      annotations: { "pulumi.com/autonamed": "true" },
    });
    const before = { apiVersion: "v1", kind: "Secret", ...made };
    assert.equal(
      kubernetes.replaces(type, { path: ["stringData", "a"], kind: "update" }, before, before),
      true,
    );
    assert.equal(kubernetes.deleteFirst(type, before, before), false);
    const named = { apiVersion: "v1", kind: "Secret", metadata: { name: "fixed" } };
    assert.equal(kubernetes.deleteFirst(type, named, named), true);
    assert.equal(kubernetes.deleteFirst(type, named, { ...named, metadata: { name: "other" } }), false);
  });

  it("replaces a Job whose template changes, and not a Deployment's", () => {
    const change = { path: ["spec", "template", "spec"], kind: "update" } as const;
    const job = { apiVersion: "batch/v1", kind: "Job" };
    assert.equal(kubernetes.replaces("kubernetes:batch/v1:Job", change, job, job), true);
    assert.equal(kubernetes.replaces(DEPLOYMENT, change, deployment, deployment), false);
  });

  it("needs a kubeconfig", () => {
    assert.deepEqual(kubernetes.checkConfig?.({ kubeconfig: "{}" }), []);
    assert.match(kubernetes.checkConfig({})[0]?.reason ?? "", /whatever cluster is current/);
  });

  it("sees another cluster by its identifier, not by an unknown kubeconfig", () => {
    const same = { clusterIdentifier: "a", kubeconfig: "x" };
    const kubeconfig = { path: ["kubeconfig"], kind: "update" } as const;
    assert.equal(kubernetes.replacesConfig?.(kubeconfig, same, { ...same, kubeconfig: UNKNOWN }), false);
    assert.equal(
      kubernetes.replacesConfig({ path: ["clusterIdentifier"], kind: "update" }, same, same),
      true,
    );
    assert.equal(kubernetes.replacesConfig(kubeconfig, { kubeconfig: "x" }, { kubeconfig: "y" }), true);
  });
});

describe("offline image builds", () => {
  const IMAGE = "docker-build:index:Image";
  const image: Properties = { push: true, tags: ["gcr.io/acme/x:1"], context: { location: "." } };

  rule(dockerBuild, IMAGE, image, { tags: ["gcr.io/acme/x"] }, /has no tag/);
  rule(dockerBuild, IMAGE, image, { tags: ["gcr.io/acme/X Y"] }, /expected repository:tag/);
  rule(dockerBuild, IMAGE, image, { tags: [] }, /push needs at least one tag/);
  rule(dockerBuild, IMAGE, image, { tags: [`x@sha256:${"0".repeat(64)}`] }, /cannot be named by its digest/);
  rule(dockerBuild, IMAGE, image, { context: null }, /needs a context or an inline Dockerfile/);
  rule(
    dockerBuild,
    IMAGE,
    image,
    { context: { location: ".", named: { base: { location: "docker-image://X Y" } } } },
    /named\["base"\]\.location: expected docker-image:\/\/repository:tag/,
  );
  rule(dockerBuild, IMAGE, image, { platforms: "linux/amd64" }, /platforms: expected a list/);

  it("knows no digest before the build", () => {
    const preview = { preview: true, previous: undefined, unique: "1" };
    assert.deepEqual(dockerBuild.create(subject(IMAGE, image), preview).outputs, {});
  });
});

describe("offline random values", () => {
  const PASSWORD = "random:index/randomPassword:RandomPassword";
  const made = (inputs: Properties, previous?: Properties): string =>
    text(
      random.create(subject(PASSWORD, inputs), { preview: false, previous, unique: "1" }).outputs.result,
    ) ?? "";

  rule(random, PASSWORD, { length: 8 }, { length: "eight" }, /length: expected a number/);

  it("are random, of the asked length and letters, and stay", () => {
    const [one, two] = [made({ length: 40, special: false }), made({ length: 40, special: false })];
    assert.match(one, /^[A-Za-z0-9]{40}$/);
    assert.notEqual(one, two);
    assert.equal(made({ length: 40 }, { result: one }), one);
  });

  it("refuses other types", () => {
    assert.match(problems(random, "random:index/randomPet:RandomPet", {}).join(), /does not know/);
  });
});

describe("offline values and differences", () => {
  const json: fc.Arbitrary<Json> = fc.jsonValue() as fc.Arbitrary<Json>;

  it("finds no difference between equal values, and one between others", () => {
    fc.assert(fc.property(json, (value) => changes(value, structuredClone(value)).length === 0));
    fc.assert(
      fc.property(json, json, (before, after) => {
        const normal = (value: Json) => JSON.stringify(sorted(value));
        assert.equal(changes(before, after).length > 0, normal(before) !== normal(after));
      }),
    );
  });

  it("unwraps secrets at every depth, and wraps only once", () => {
    const wrapped = { a: [secret({ b: secret("x") })] };
    assert.deepEqual(unwrap(wrapped), { a: [{ b: "x" }] });
    assert.deepEqual(secret(secret("x")), secret("x"));
    assert.ok(isSecret(secret("x")) && !isSecret("x") && isUnknown(UNKNOWN));
  });

  it("writes paths as the engine reads them", () => {
    assert.equal(formatPath(["spec", "containers", 0, "image"]), "spec.containers[0].image");
    assert.equal(
      formatPath(["metadata", "labels", "app.kubernetes.io/name"]),
      'metadata.labels["app.kubernetes.io/name"]',
    );
  });

  it("matches patterns by whole steps", () => {
    assert.equal(matchesPattern(["spec", "selector", "matchLabels", "a"], ["spec.selector"]), true);
    assert.equal(matchesPattern(["spec"], ["spec.selector"]), true);
    assert.equal(matchesPattern(["spec", "selectors"], ["spec.selector"]), false);
  });
});

/** Key order does not count, nor does -0. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort()
        .map(([key, item]) => [key, sorted(item)]),
    );
  }
  return value;
}
