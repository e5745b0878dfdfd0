import assert from "node:assert/strict";
import fc from "fast-check";
import { changes, formatPath, matchesPattern } from "../../offline/diff";
import { dockerBuild } from "../../offline/docker-build";
import { kubernetes } from "../../offline/kubernetes";
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
import { problems, rule, subject } from "../support/offline-rules";

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

  it("requires a BackendConfig to name its Cloud Armor policy, or none", () => {
    const of = (spec: Properties): string[] =>
      problems(kubernetes, "kubernetes:cloud.google.com/v1:BackendConfig", {
        apiVersion: "cloud.google.com/v1",
        kind: "BackendConfig",
        metadata: { name: "web", namespace: "todo" },
        spec,
      });
    assert.deepEqual(of({ securityPolicy: { name: "" } }), []);
    assert.match(of({}).join(), /securityPolicy\.name: not set: GKE keeps the policy attached before/);
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

  it("are bytes too, in two spellings that stay", () => {
    const BYTES = "random:index/randomBytes:RandomBytes";
    const make = (previous?: Properties) =>
      random.create(subject(BYTES, { length: 16 }), { preview: false, previous, unique: "1" }).outputs;
    const first = make();
    const { hex, base64 } = first;
    assert.match(text(hex) ?? "", /^[0-9a-f]{32}$/);
    assert.equal(Buffer.from(text(base64) ?? "", "base64").toString("hex"), hex);
    assert.deepEqual(make(first), first);
    assert.deepEqual(random.secrets(BYTES), ["hex", "base64"]);
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

/** Normalizes key order and -0. */
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
