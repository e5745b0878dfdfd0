import assert from "node:assert/strict";
import { describe, it } from "mocha";
import fc from "fast-check";
import { checkSystem } from "../../catalog/check";
import { nearest } from "../../base/nearest";
import { exec, http, system, tcp, type RouteOptions, type Vocabulary } from "../../catalog/define";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { ProblemsError } from "../../base/problems";
import { text } from "../../catalog/references";
import { breakage, validSystem } from "../support/arbitrary-system";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;

/** Returns the problems of a system as `path: message` lines. */
function problems(
  describeSystem: (words: Vocabulary) => void,
  target: "compose" | "gcp" = "compose",
): string[] {
  const definition = system("sample", describeSystem);
  return checkSystem(definition, { environment: "prod", target }).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe("checkSystem", () => {
  it("finds nothing wrong with a small valid system", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      service("web", { image: app, ports: { http: 8000 }, live: http("/livez"), resources });
    });
    assert.deepEqual(found, []);
  });

  it("reports every mistake at once, with path, expectation and finding", () => {
    const found = problems(({ image, service, route }) => {
      const app = image("app", { context: "../secrets", user: 0, runtime: "python" });
      const web = service("web", {
        image: app,
        ports: { http: 0, admin: 80 },
        live: http("livez"),
        resources: { cpu: ["2", "1"], memory: ["lots", "1Gi"] },
        environments: { dev: { resources: { cpu: ["2", "1"], memory: ["1Gi", "1Gi"] } } },
        egress: ["example.com"],
      });
      route("api", web.http);
    });
    assert.deepEqual(found.sort(), [
      'sample.images.app.context: expected a folder below the repository\'s root, got "../secrets"',
      "sample.images.app.user: expected a numeric user, 1-65535 and not root, got 0",
      "sample.routes.api: expected a path prefix that starts with / and has no ? or #",
      'sample.web.egress.0: expected host:port such as api.example.com:443, got "example.com"',
      "sample.web.environments.dev.resources.cpu: the request 2 is above the limit 1",
      'sample.web.live.path: expected a path starting with "/", got "livez"',
      "sample.web.ports.admin: expected a port from 1024 to 65535 (the container is not root), got 80",
      "sample.web.ports.http: expected a port from 1024 to 65535 (the container is not root), got 0",
      'sample.web.resources.memory.0: expected a size such as 10Gi, got "lots"',
    ]);
  });

  it("names a circle of references along its way", () => {
    const definition = system("sample", ({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const a = service("a", { image: app, ports: { http: 8000 }, resources });
      service("b", { image: app, ports: { http: 8000 }, env: { A: a.http }, resources });
    });
    const circular = {
      ...definition,
      services: definition.services.map((one) => (one.name === "a" ? { ...one, after: ["b"] } : one)),
    };
    const [problem] = checkSystem(circular);
    assert.equal(problem?.message, "waits for itself: a → b → a");
  });

  it("takes folders and other images as contexts of a build", () => {
    const found = problems(({ image, upstream, service }) => {
      const python = image("python", { context: "images/python" });
      const tool = upstream("tool", "acme/tool:1", { runtime: "none" });
      const app = image("app", {
        context: "services/app",
        contexts: { shared: "services/shared", base: python, tool },
        args: { MODEL: "small" },
      });
      service("web", { image: app, resources });
    });
    assert.deepEqual(found, []);
  });

  it("finds contexts that lead nowhere, and arguments that it would not honour", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", {
        context: "services/app",
        contexts: {
          up: "../other",
          Base: "images/python",
          gone: undefined as unknown as string,
          strange: { name: "pyhton" },
        },
        args: { VERSION: "1", API_TOKEN: "x", "1st": "x" },
      });
      image("python", { context: "images/python" });
      service("web", { image: app, resources });
    });
    assert.deepEqual(found.sort(), [
      "sample.images.app.args.1st: expected letters, digits and _, not starting with a digit",
      "sample.images.app.args.API_TOKEN: a build argument is readable in the image's history",
      "sample.images.app.args.VERSION: every build gets this argument",
      "sample.images.app.contexts.Base: expected a name of lower-case letters, digits, _ . and -, starting with a letter",
      "sample.images.app.contexts.gone: expected a folder or an image of this system, got nothing",
      'sample.images.app.contexts.strange: refers to the image "pyhton", which does not exist',
      'sample.images.app.contexts.up: expected a folder below the repository\'s root, got "../other"',
    ]);
  });

  it("names a circle of images that are built upon one another", () => {
    const definition = system("sample", ({ image, service }) => {
      const a = image("a", { context: "a", contexts: { base: { name: "b" } } });
      image("b", { context: "b", contexts: { base: a } });
      service("web", { image: a, resources });
    });
    assert.deepEqual(
      checkSystem(definition).map(({ path, message }) => `${path}: ${message}`),
      ["sample.images.a.contexts: is built upon itself: a → b → a"],
    );
  });

  it("refuses a secret where everyone on the machine can read it", () => {
    const found = problems(({ image, service, postgres }) => {
      const db = postgres("db");
      const app = image("app", { context: "services/app", runtime: "python" });
      service("web", { image: app, command: ["serve", text`--database=${db.url}`], resources });
    });
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /^sample\.web\.command\.1: .*secret/);
  });

  it("refuses a probe that the image cannot run, but takes one that it can", () => {
    const build = (live: ReturnType<typeof http>, ready?: ReturnType<typeof http>) =>
      problems(({ image, service }) => {
        const app = image("app", { context: "services/app", runtime: "none" });
        service("web", { image: app, ports: { http: 8000 }, live, ...(ready && { ready }), resources });
      });
    const own = exec(["/gateway", "health"]);
    assert.match(build(http("/livez"))[0] ?? "", /no program that can send a request over http/);
    assert.match(
      build(own, tcp())[0] ?? "",
      /^sample\.web\.ready: .*no program that can send a request over tcp/,
    );
    assert.deepEqual(build(own), []);
    // A node sends liveness requests from outside; Compose sends readiness requests from inside.
    assert.deepEqual(build(tcp(), own), []);
  });

  it("names the PostgreSQL in the cluster when Cloud SQL lacks an extension", () => {
    const definition = system("sample", ({ postgres }) => {
      postgres("db", { extensions: ["timescaledb"] });
    });
    assert.deepEqual(checkSystem(definition, { environment: "prod", target: "compose" }), []);
    assert.deepEqual(checkSystem(definition, { environment: "prod", target: "gcp" }), [
      {
        path: "sample.datastores.db.kind",
        message: "Cloud SQL does not offer the extension timescaledb",
        fix: "use kind: container (PostgreSQL in the cluster), or remove the extension",
      },
    ]);
  });

  it("finds composed names that are too long, with their length", () => {
    const found = problems(({ postgres }) => {
      postgres("db", { database: `d${"x".repeat(60)}` });
    });
    assert.match(
      found.join("\n"),
      /sample\.db\.database: the name of its longest login would have 69 characters/,
    );
  });

  it("finds two variables whose secret files would meet", () => {
    const found = problems(({ image, service, secret }) => {
      const key = secret("key");
      const app = image("app", { context: "services/app", runtime: "python" });
      service("web", { image: app, env: { KEY: key, KEY_FILE: "/x", Key: key }, resources });
    });
    assert.equal(found.filter((line) => line.includes("sample.web.env.")).length, 2);
  });

  it("finds a path that two mounts want", () => {
    const found = problems(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const volume = (name: string, path: string) => ({ volume: name, path, size: "1Gi" }) as const;
      const volumes = [volume("data", "/data"), volume("data", "/other"), volume("keys", "/run/secrets")];
      service("web", { image: app, writable: ["/tmp", "/data"], volumes, resources });
    });
    assert.deepEqual(found.sort(), [
      "sample.web.volumes.data: is mounted twice",
      "sample.web.volumes.keys.path: /run/secrets is mounted for the secrets already",
      "sample.web.writable: /data is mounted for the volume data already",
    ]);
  });

  describe("options of routes", () => {
    const routed = (options: RouteOptions, target: "compose" | "gcp" = "compose") =>
      problems(({ image, service, setting, route }) => {
        const app = image("app", { context: "services/app", runtime: "python" });
        const web = service("web", { image: app, ports: { http: 8000 }, resources });
        setting("origins", "https://app.example.com, https://other.example.com:8443");
        route("/", web.http, options);
      }, target);
    const origins = { ref: "setting", setting: "origins" } as const;

    it("are accepted where the target can honour them", () => {
      const rateLimit = { requests: 10, per: "1s", burst: 0 } as const;
      assert.deepEqual(routed({ rateLimit, cors: { origins }, bodyLimit: "20Mi", websocket: true }), []);
      assert.deepEqual(routed({ rateLimit, cors: { origins: "" }, bodyLimit: "20Mi" }, "gcp"), []);
    });

    it("are refused when a proxy would take them for something else", () => {
      const found = routed({
        rateLimit: { requests: 0.5, per: "1h" as "1m", burst: -1 },
        cors: { origins: 'https://App.example.com, https://a.example/path, https://b"; evil' },
        bodyLimit: "20m" as "20Mi",
        websockets: true,
      } as RouteOptions);
      const origin = "expected * or an origin such as https://app.example.com";
      assert.deepEqual(found.sort(), [
        `sample.routes./.bodyLimit: expected a size such as 10Gi, got "20m"`,
        `sample.routes./.cors.origins: ${origin}, got "https://App.example.com"`,
        `sample.routes./.cors.origins: ${origin}, got "https://a.example/path"`,
        `sample.routes./.cors.origins: ${origin}, got "https://b\\"; evil"`,
        "sample.routes./.rateLimit.burst: expected a whole number from 0 to 10000, got -1",
        `sample.routes./.rateLimit.per: expected 1s or 1m, got "1h"`,
        "sample.routes./.rateLimit.requests: expected a whole number from 1 to 10000, got 0.5",
        "sample.routes./.websockets: unknown option",
      ]);
    });

    it("that a target cannot honour are an error there", () => {
      assert.deepEqual(routed({ cors: { origins } }, "gcp"), [
        "sample.routes./.cors.origins: Google's load balancer behind an Ingress cannot answer for other origins " +
          "(https://app.example.com, https://other.example.com:8443)",
      ]);
    });

    it("refer to what exists", () => {
      const missing = { ref: "setting", setting: "orgins" } as const;
      assert.deepEqual(routed({ cors: { origins: missing } }), [
        'sample.routes./.cors.origins: refers to the setting "orgins", which does not exist',
      ]);
      assert.deepEqual(routed({ cors: { origin: "*" } } as unknown as RouteOptions).sort(), [
        "sample.routes./.cors.origin: unknown option",
        "sample.routes./.cors.origins: expected text or a setting, got nothing",
      ]);
    });
  });

  it("resolves a route's options for an environment", () => {
    const definition = system("sample", ({ image, service, setting, route }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const develop = { mounts: { src: "/app/src" } };
      const web = service("web", { image: app, ports: { http: 8000 }, develop, resources });
      route("/", web.http, {
        rateLimit: { requests: 30, per: "1m" },
        cors: { origins: setting("origins", "") },
        bodyLimit: "1Mi",
      });
    });
    const route = { path: "/", workload: "web", port: 8000 };
    const options = { rateLimit: { requests: 30, seconds: 60, burst: 30 }, bodyLimit: 2 ** 20 };
    const planned = (settings: PlanSettings) => planSystem(definition, settings).routes;
    assert.deepEqual(planned({ environment: "prod", target: "compose" }), [{ ...route, ...options }]);
    assert.deepEqual(
      planned({ environment: "prod", target: "kubernetes", settings: { origins: "https://a.example, *" } }),
      [{ ...route, ...options, corsOrigins: ["https://a.example", "*"] }],
    );
    // Development servers reload pages over a WebSocket.
    assert.deepEqual(planned({ environment: "dev", target: "compose" }), [
      { ...route, ...options, websocket: true },
    ]);
  });

  it("finds names used twice, also across kinds and with what a database brings", () => {
    const found = problems(({ image, service, postgres, secret }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      postgres("db");
      service("db-roles", { image: app, resources });
      service("edge", { image: app, resources });
      secret("db-admin-password");
    });
    assert.deepEqual(found.sort(), [
      "sample.db-roles: two services, jobs or datastores have this name",
      "sample.edge: the name is reserved for the proxy that serves the routes",
      "sample.secrets.db-admin-password: two secrets have this name",
    ]);
  });

  it("finds what the type checker would have found, for those who do not run it", () => {
    const found = problems(({ image, service, secret, setting, route }) => {
      const app = image("app", { context: "services/app", runtime: "pyton" as "python" });
      const web = service("web", {
        image: app,
        ports: { http: 8000 },
        env: {
          KEY: secret("key", { optionalIn: ["locl" as "local"] }),
          LEVEL: setting("level", "inf", { oneOf: ["debug", "info"] }),
          NOTHING: undefined as unknown as string,
        },
        after: ["migrate" as unknown as { name: string }],
        redy: http("/readyz"),
        environments: { stagin: { replicas: 1 } },
      } as unknown as Parameters<typeof service<"http">>[1]);
      route("/", (web as unknown as Record<string, typeof web.http>).web as typeof web.http);
    });
    assert.deepEqual(found.sort(), [
      'sample.images.app.runtime: expected python, node, wget, curl or none, got "pyton"',
      'sample.routes./: web has no port "web"',
      'sample.secrets.key.optionalIn.0: expected local, dev, test, staging or prod, got "locl"',
      'sample.settings.level: the default is not allowed: expected "debug", "info", got "inf"',
      'sample.web.after.0: expected the value of a job or service, got "migrate"',
      "sample.web.env.NOTHING: expected text or a reference, got nothing",
      "sample.web.environments.stagin: unknown option",
      "sample.web.redy: unknown option",
      'sample.web.resources: expected cpu and memory as [request, limit], such as { cpu: ["100m", "1"], … }, got nothing',
    ]);
  });

  it("accepts every valid system and plans it in every environment and target", () => {
    fc.assert(
      fc.property(
        validSystem,
        fc.constantFrom("local", "dev", "test", "staging", "prod"),
        fc.constantFrom("compose", "kubernetes", "gcp"),
        (definition, environment, target) => {
          const plan = planSystem(definition, { environment, target, domain: "example.com" });
          const position = new Map(plan.startOrder.map((name, index) => [name, index]));
          assert.equal(position.size, plan.workloads.length);
          for (const { name, after } of plan.workloads) {
            for (const { workload } of after) {
              assert.ok(
                (position.get(workload) ?? Infinity) < (position.get(name) ?? -1),
                `${name} after ${workload}`,
              );
            }
          }
          assert.deepEqual(planSystem(definition, { environment, target, domain: "example.com" }), plan);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("finds every breakage, at its path", () => {
    fc.assert(
      fc.property(validSystem, breakage, (definition, { apply, path }) => {
        const broken = apply(definition);
        assert.throws(
          () => planSystem(broken, { environment: "prod", target: "compose" }),
          (error) =>
            error instanceof ProblemsError && error.problems.some((problem) => path.test(problem.path)),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("nearest", () => {
  it("finds what was meant and does not guess wildly", () => {
    assert.equal(nearest("domian", ["domain", "systems"]), "domain");
    assert.equal(nearest("Database_URL", ["DATABASE_URL"]), "DATABASE_URL");
    assert.equal(nearest("kubernetes", ["domain", "systems"]), undefined);
  });
});
