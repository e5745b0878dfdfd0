import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { http, system, text, type Vocabulary } from "../../catalog/define";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { ProblemsError } from "../../base/problems";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;
const PROD: PlanSettings = { environment: "prod", target: "kubernetes", domain: "example.com", settings: {} };

/** Returns the output of `validate` for a system as `path: message` lines. */
function problemsOf(describeSystem: (words: Vocabulary) => void, settings = PROD, name = "sample"): string[] {
  const definition = system(name, describeSystem);
  try {
    planSystem(definition, settings);
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`).sort();
  }
}

/** Describes a system with one service of these options. */
function withService(options: Record<string, unknown>, name = "web") {
  return ({ image, service }: Vocabulary) => {
    const app = image("app", { context: "services/app", runtime: "python" });
    service(name, { image: app, resources, ports: { http: 8000 }, ...options });
  };
}

describe("Limits of the targets", () => {
  const volume = { volume: "data", path: "/data", size: "1Gi" } as const;

  it("allow a service with a volume 52 characters, for the labels of its pods", () => {
    assert.deepEqual(problemsOf(withService({ volumes: [volume] }, "a".repeat(52))), []);
    assert.deepEqual(problemsOf(withService({ volumes: [volume] }, "a".repeat(54))), [
      `sample.${"a".repeat(54)}: expected at most 52 characters, got 54`,
    ]);
    assert.deepEqual(problemsOf(withService({}, "a".repeat(54))), []);
  });

  it("allow names of managed datastores what Google does", () => {
    const [long, gcp] = ["a".repeat(40), { ...PROD, target: "gcp", domain: "a.example" } as const];
    const found = problemsOf(({ postgres }) => void postgres(long), gcp, long);
    assert.deepEqual(found, [
      `${long}.${long}: the name of its managed instance would have 89 characters, at most 85 are allowed`,
    ]);
    assert.deepEqual(
      problemsOf(({ postgres }) => void postgres(long), PROD, long),
      [],
    );
  });

  it("allow a host name what the DNS and certificates do", () => {
    const domain = `${"a".repeat(60)}.example`;
    assert.deepEqual(problemsOf(withService({}), { ...PROD, target: "gcp", domain }), [
      `sample.host: expected a host name of at most 63 characters, got ${`sample.${domain}`.length} (sample.${domain})`,
    ]);
    assert.deepEqual(problemsOf(withService({}), { ...PROD, domain }), []);
  });

  it("allow files of one container 1 MiB on a cluster, and any size on one machine", () => {
    const files = { "/etc/a.conf": "a".repeat(700_000), "/etc/b.conf": "b".repeat(500_000) };
    assert.deepEqual(problemsOf(withService({ files })), [
      "sample.web.files: expected at most 1 MiB of files together, as a ConfigMap holds, got 1172 KiB",
    ]);
    assert.deepEqual(problemsOf(withService({ files }), { ...PROD, target: "compose" }), []);
  });

  it("allow a variable or an argument 128 KiB, and all of them together 1 MiB", () => {
    const env = { BIG: "x".repeat(140_000) };
    assert.deepEqual(problemsOf(withService({ env, command: ["y".repeat(131_072)] })), [
      "sample.web.command.0: expected at most 128 KiB, as Linux allows for one variable or argument, got 128 KiB",
      "sample.web.env.BIG: expected at most 128 KiB, as Linux allows for one variable or argument, got 137 KiB",
    ]);
    const many = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`V${at}`, "x".repeat(120_000)]));
    assert.deepEqual(problemsOf(withService({ env: many })), [
      "sample.web.env: expected at most 1 MiB of variables and arguments together, got 1172 KiB",
    ]);
  });

  const routed = (...paths: string[]) =>
    problemsOf(({ image, service, route }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const web = service("web", { image: app, resources, ports: { http: 8000 } });
      paths.forEach((path) => {
        route(path, web.http);
      });
    });

  it("allow every path of a route once, as a proxy compares them", () => {
    assert.deepEqual(routed("/api", "/api/"), ['sample.routes./api/: is the same path as the route "/api"']);
    assert.deepEqual(routed("/%61pi/v1", "/api/v1"), [
      'sample.routes./api/v1: is the same path as the route "/%61pi/v1"',
    ]);
    assert.deepEqual(routed("/", "/"), ["sample.routes./: two routes have this path"]);
    assert.deepEqual(routed("/", "/api", "/api/v1", "/%25"), []);
  });

  it("allow a path of a route what a proxy's configuration can hold", () => {
    assert.deepEqual(routed("/100%"), [
      'sample.routes./100%: expected % and two hexadecimal digits, got "/100%"',
    ]);
    for (const path of ["api", "/a b", "/a%20b", "/a%3Bb", "/a%0Ab", "/a?b", "/a%7Bb"]) {
      assert.deepEqual(routed(path), [
        `sample.routes.${path}: expected a path prefix that starts with / and has no ? or #`,
      ]);
    }
  });

  it("allow a volume's name in one service, unless each says that its disk is private", () => {
    const two = (extra: object) =>
      problemsOf((words) => {
        const app = words.image("app", { context: "services/app", runtime: "python" });
        for (const name of ["a", "b"]) {
          words.service(name, {
            image: app,
            resources,
            volumes: [{ ...volume, volume: "shared", ...extra }],
          });
        }
      });
    assert.deepEqual(two({}), [
      "sample.a.volumes.shared: b has a volume of this name too, and each service has a disk of its own",
      "sample.b.volumes.shared: a has a volume of this name too, and each service has a disk of its own",
    ]);
    assert.deepEqual(two({ private: true }), []);
    const withJob = problemsOf((words) => {
      const app = words.image("app", { context: "services/app", runtime: "python" });
      words.service("a", { image: app, resources, volumes: [volume] });
      words.job("b", { image: app, resources, volumes: [volume] });
    });
    assert.equal(withJob.length, 2);
  });

  it("allow plain HTTP on ports without TLS only", () => {
    const found = problemsOf(({ image, service, route }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const ports = { https: 8443 };
      const web = service("web", {
        image: app,
        resources,
        ports,
        live: http("/livez"),
        metrics: { port: "https", path: "/metrics" },
      });
      service("client", { image: app, resources, env: { URL: web.https } });
      route("/", web.https);
    });
    assert.deepEqual(found, [
      "sample.routes./: the proxy sends plain HTTP, and web.https serves TLS",
      "sample.web.live: sends plain HTTP, and the port https serves TLS",
      "sample.web.metrics.port: metrics are collected over plain HTTP, and the port https serves TLS",
    ]);
  });

  it("give a client of a TLS port an address with https", () => {
    const definition = system("sample", ({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const web = service("web", { image: app, resources, ports: { https: 8443 } });
      service("client", { image: app, resources, env: { URL: web.https } });
    });
    const client = planSystem(definition, PROD).workloads.find(({ name }) => name === "client");
    assert.deepEqual(client?.env, [{ name: "URL", value: "https://web:8443" }]);
  });

  it("allow no secret in plain text, and do not repeat it", () => {
    const found = problemsOf(
      withService({
        env: { DB_PASSWORD: "hunter2", URL: "redis://u:hunter2@cache:6379", PASSWORD_FILE: "/x" },
      }),
    );
    assert.deepEqual(found, [
      "sample.web.env.DB_PASSWORD: expected a secret, got a secret by its name in plain text",
      "sample.web.env.URL: expected a secret, got a URL with a password in plain text",
    ]);
  });

  it("allow no secret in plain text in a command or a joined text", () => {
    const token = `sk-${"a".repeat(24)}`;
    const found = problemsOf(({ image, service, secret, setting }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const [level, key] = [setting("level", "info"), secret("key", { from: "generated" })];
      service("web", {
        image: app,
        resources,
        command: ["serve", `--key=${token}`],
        env: { JOINED: text`${level} ${token}`, API_TOKEN: text`Bearer ${key}` },
      });
    });
    assert.deepEqual(found, [
      "sample.web.command.1: expected a secret, got an API key in plain text",
      "sample.web.env.JOINED: expected a secret, got an API key in plain text",
    ]);
  });

  it("allow the login that owns the schema in jobs only", () => {
    const found = problemsOf(({ image, service, job, postgres }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const db = postgres("db");
      job("migrate", { image: app, resources, env: { URL: db.ownerUrl } });
      service("web", { image: app, resources, env: { URL: db.ownerUrl } });
    });
    assert.deepEqual(found, [
      "sample.web.env.URL: expected a login of the application, got db.ownerUrl, which owns the schema",
    ]);
  });

  describe("of settings", () => {
    const withSetting = (...args: Parameters<Vocabulary["setting"]>) =>
      system("sample", ({ setting }) => void setting(...args));
    const lines = (definition: ReturnType<typeof withSetting>, settings?: PlanSettings) =>
      checkSystem(definition, settings).map(({ path, message }) => `${path}: ${message}`);

    it("require a value where there is no default", () => {
      const definition = withSetting("retentionDays");
      assert.deepEqual(lines(definition), []);
      assert.deepEqual(lines(definition, PROD), [
        "sample.settings.retentionDays: not set, and it has no default",
      ]);
      assert.deepEqual(lines(definition, { ...PROD, settings: { retentionDays: "7" } }), []);
    });

    it("hold for the default too", () => {
      assert.deepEqual(lines(withSetting("days", 0, { min: 1, max: 30 })), [
        "sample.settings.days: the default is not allowed: expected a number from 1 up to 30, got 0",
      ]);
      assert.deepEqual(lines(withSetting("year", "26", { pattern: "\\d{4}" })), [
        'sample.settings.year: the default is not allowed: expected text that matches \\d{4}, got "26"',
      ]);
      assert.deepEqual(lines(withSetting("days", 5, { min: 1, max: 30 })), []);
    });
  });
});
