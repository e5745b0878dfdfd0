import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type Vocabulary } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { profilesOf } from "../../catalog/plan/presence";
import { text } from "../../catalog/references";
import { ENVIRONMENTS, type Environment } from "../../catalog/types";
import { renderCompose } from "../../render/compose";
import { renderKubernetes } from "../../render/kubernetes";
import { validSystem } from "../support/arbitrary-system";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;

function problems(describeSystem: (words: Vocabulary) => void): string[] {
  return checkSystem(system("sample", describeSystem))
    .map(({ path, message }) => `${path}: ${message}`)
    .sort();
}

const sample = system("sample", ({ image, service, job, postgres, route }) => {
  const db = postgres("db");
  const app = image("app", { context: "services/todo/backend", runtime: "python" });
  const tool = image("tool", { context: "services/todo/frontend", runtime: "node" });
  const web = service("web", { image: app, ports: { http: 8000 }, env: { DATABASE_URL: db.url }, resources });
  job("seed", { image: app, env: { DATABASE_URL: db.url }, resources, only: ["dev"] });
  job("test-runner", { image: tool, env: { WEB: web.http }, resources, only: ["test"] });
  service("browser", {
    image: tool,
    ports: { http: 8080 },
    env: { SERVER: db.host },
    resources,
    only: ["local", "dev"],
    profile: "dev-tools",
    publish: 8190,
  });
  route("/", web.http);
});

const names = (environment: Environment, more: object = {}): string[] =>
  planSystem(sample, { environment, target: "compose", ...more })
    .workloads.filter(({ kind }) => kind !== "store")
    .map(({ name }) => name);

describe("what is only in some environments", () => {
  it("is planned there, with its image, and nowhere else", () => {
    assert.deepEqual(names("prod"), ["db-roles", "web"]);
    assert.deepEqual(names("dev"), ["db-roles", "seed", "web"]);
    assert.deepEqual(names("test"), ["db-roles", "test-runner", "web"]);
    const images = (environment: Environment) =>
      planSystem(sample, { environment, target: "compose" }).images.map(({ name }) => name);
    assert.deepEqual(images("prod"), ["app", "db"]);
    assert.deepEqual(images("test"), ["app", "db", "tool"]);
  });

  it("leaves nothing behind where it is not: no client, no network, no start order", () => {
    const prod = planSystem(sample, { environment: "prod", target: "compose" });
    assert.deepEqual(prod.startOrder, ["db", "db-roles", "web"]);
    assert.ok(!JSON.stringify(prod).includes("test-runner"));
    const test = planSystem(sample, { environment: "test", target: "compose" });
    assert.deepEqual(test.workloads.find(({ name }) => name === "web")?.clients, [
      { from: "edge", port: 8000 },
      { from: "test-runner", port: 8000 },
    ]);
  });

  it("can be referred to only by what is not there without it", () => {
    const found = problems(({ image, service, job, route }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const fake = service("fake", {
        image: app,
        ports: { http: 8000 },
        resources,
        only: ["dev", "test"],
      });
      service("web", {
        image: app,
        command: ["run", text`--with=${fake.http}`],
        env: { FAKE: fake.http },
        resources,
        environments: {
          staging: { env: { FAKE: "https://real.example" } },
          prod: { env: { MORE: fake.http } },
        },
      });
      service("fine", { image: app, env: { FAKE: fake.http }, resources, only: ["test"] });
      job("late", { image: app, after: [fake], resources, only: ["test", "prod"] });
      route("/", fake.http);
    });
    assert.deepEqual(found, [
      "sample.late.after: refers to fake, which is not there in prod (only: dev, test)",
      "sample.routes./: refers to fake, which is not there in local, staging, prod (only: dev, test)",
      "sample.web.command.1: refers to fake, which is not there in local, staging, prod (only: dev, test)",
      "sample.web.env.FAKE: refers to fake, which is not there in local, prod (only: dev, test)",
      "sample.web.environments.prod.env.MORE: refers to fake, which is not there in prod (only: dev, test)",
    ]);
  });

  it("has to make sense by itself", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      service("a", { image: app, resources, only: [] });
      service("b", { image: app, resources, only: ["develop" as "dev"] });
      service("c", { image: app, resources, only: ["dev"], environments: { prod: { replicas: 2 } } });
      service("d", { image: app, resources, profile: "Dev Tools" });
      service("e", { image: app, resources, ports: { http: 8000 }, publish: 8100 });
      service("f", { image: app, resources, profile: "dev-tools", publish: 8101 });
      service("g", { image: app, resources, ports: { http: 8000 }, profile: "dev-tools", publish: 80 });
    });
    assert.deepEqual(found, [
      "sample.a.only: expected an environment, got none",
      'sample.b.only.0: expected local, dev, test, staging or prod, got "develop"',
      "sample.c.environments.prod: c is not there in prod (only: dev)",
      'sample.d.profile: expected two or more lower-case letters, digits and -, got "Dev Tools"',
      "sample.e.publish: only a service with a profile can publish a port",
      "sample.f.publish: the service has no ports",
      "sample.g.publish: expected 1024-65435, got 80",
    ]);
  });
});

describe("what has a profile", () => {
  it("is planned when it is asked for, in the environments that have it", () => {
    assert.deepEqual(profilesOf(sample), ["dev-tools"]);
    assert.deepEqual(names("local"), ["db-roles", "web"]);
    assert.deepEqual(names("local", { profiles: ["dev-tools"] }), ["browser", "db-roles", "web"]);
    assert.deepEqual(names("local", { profiles: "all" }), ["browser", "db-roles", "web"]);
    assert.deepEqual(names("prod", { profiles: "all" }), ["db-roles", "web"]);
    assert.deepEqual(names("local", { profiles: "all", skippedServices: ["browser"] }), ["db-roles", "web"]);
  });

  it("is on no cluster", () => {
    const settings = { environment: "dev", domain: "example.com", profiles: "all" } as const;
    for (const target of ["kubernetes", "gcp"] as const) {
      const objects = renderKubernetes<string>(planSystem(sample, { ...settings, target }), {
        resolver: { secret: () => "", host: () => "", text: (parts) => parts.join("") },
        imageReference: ({ name }) => name,
      });
      assert.ok(!JSON.stringify(objects).includes("browser"), target);
      assert.ok(JSON.stringify(objects).includes("seed"), target);
    }
  });

  it("says so in documents, publishes on the loopback address, and has a network that can", () => {
    const plan = planSystem(sample, { environment: "dev", target: "compose", profiles: "all" });
    const options = { project: "p", edgePort: 8080, imageReference: () => "image:1" };
    const { document } = renderCompose(plan, options);
    assert.deepEqual(document.services.browser?.profiles, ["dev-tools"]);
    assert.deepEqual(document.services.browser.ports, ["127.0.0.1:8190:8080"]);
    assert.deepEqual(document.services.browser.networks, ["browser_published", "db"]);
    assert.deepEqual(document.networks?.browser_published, {});
    assert.equal(document.services.web?.profiles, undefined);
    const asked = renderCompose(plan, { ...options, profiles: "asked for", portOffset: 20 }).document;
    assert.equal(asked.services.browser?.profiles, undefined);
    assert.deepEqual(asked.services.browser?.ports, ["127.0.0.1:8210:8080"]);
  });

  it("can be referred to only by what has the same profile", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const tool = service("tool", { image: app, ports: { http: 8000 }, resources, profile: "dev-tools" });
      service("web", { image: app, env: { TOOL: tool.http }, resources });
      service("other", { image: app, env: { TOOL: tool.http }, resources, profile: "more-tools" });
      service("fine", { image: app, env: { TOOL: tool.http }, resources, profile: "dev-tools" });
    });
    assert.deepEqual(found, [
      "sample.other.env.TOOL: refers to tool, which runs only when the profile dev-tools is asked for",
      "sample.web.env.TOOL: refers to tool, which runs only when the profile dev-tools is asked for",
    ]);
  });
});

describe("what is developed", () => {
  const developed = system("sample", ({ image, service }) => {
    const app = image("app", {
      context: "services/todo/backend",
      contexts: { shared: "services/shared/python" },
      runtime: "python",
    });
    const develop = { mounts: { src: "/app/src", "shared:src/lib": "/app/lib" }, debug: 5678 };
    service("web", { image: app, command: ["serve"], ports: { http: 8000 }, resources, develop });
    service("worker", { image: app, command: ["work"], resources });
    const other = { mounts: { src: "/app/src" }, command: ["reload", "work"], build: "/build" };
    service("other", { image: app, command: ["work"], resources, develop: other });
  });
  const plan = (environment: Environment) => planSystem(developed, { environment, target: "compose" });

  it("runs the stage with its own command, from folders of the context and of named contexts, in dev only", () => {
    const [other, web, worker] = plan("dev").workloads;
    assert.deepEqual(other?.command, ["reload", "work"]);
    assert.deepEqual(other.env, []);
    assert.equal(other.develop?.build, "/build");
    assert.equal(web?.image, "app-development");
    assert.equal(web.command, undefined);
    assert.deepEqual(web.env, [{ name: "DEBUG_PORT", value: "5678" }]);
    assert.deepEqual(web.develop, {
      mounts: [
        { source: "services/shared/python/src/lib", path: "/app/lib" },
        { source: "services/todo/backend/src", path: "/app/src" },
      ],
      debug: 5678,
    });
    assert.equal(worker?.image, "app");
    assert.deepEqual(
      plan("dev").images.map(({ name, source }) => [name, source.kind === "build" && source.target]),
      [
        ["app", undefined],
        ["app-development", "development"],
      ],
    );
    for (const environment of ["local", "test", "staging", "prod"] as const) {
      assert.deepEqual(plan(environment).workloads[1]?.command, ["serve"], environment);
      assert.ok(!JSON.stringify(plan(environment)).includes("development"), environment);
    }
  });

  it("is never what a cluster runs", () => {
    const onCluster = planSystem(developed, {
      environment: "dev",
      target: "kubernetes",
      domain: "a.example",
    });
    assert.ok(!JSON.stringify(onCluster).includes("development"));
  });

  it("can mount only what the image is built from", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const mounts = { "../secrets": "/a", "shard:src": "/b", "/etc": "/c" };
      service("web", { image: app, resources, develop: { mounts } });
    });
    assert.deepEqual(found, [
      'sample.web.develop.mounts.../secrets: expected a folder of the build context, got "../secrets"',
      'sample.web.develop.mounts./etc: expected a folder of the build context, got "/etc"',
      'sample.web.develop.mounts.shard:src: the image has no folder "shard" among its contexts',
    ]);
  });
});

describe("any valid system", () => {
  it("has exactly what is in an environment and was asked for, and names nothing else", () => {
    fc.assert(
      fc.property(
        validSystem,
        fc.constantFrom(...ENVIRONMENTS),
        fc.boolean(),
        (definition, environment, all) => {
          const plan = planSystem(definition, { environment, target: "compose", profiles: all ? "all" : [] });
          const planned = new Set(plan.workloads.map(({ name }) => name));
          for (const { name, only, profile } of [...definition.services, ...definition.jobs]) {
            const expected = (only?.includes(environment) ?? true) && (profile === undefined || all);
            assert.equal(planned.has(name), expected, name);
          }
          for (const { after, clients, connects } of plan.workloads) {
            const named = [
              ...after.map(({ workload }) => workload),
              ...clients.map(({ from }) => from).filter((from) => from !== "edge"),
              ...connects.flatMap((one) => (one.to === "workload" ? [one.workload] : [])),
            ];
            assert.deepEqual(
              named.filter((name) => !planned.has(name)),
              [],
            );
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
