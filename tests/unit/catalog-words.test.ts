import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { exec, http, system, tcp, text, type Vocabulary } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { formatProblems, ProblemsError } from "../../base/problems";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;

/** Returns problems as they are printed: `path: message; fix`. */
function problemsOf(describeSystem: (words: Vocabulary) => void): string[] {
  return checkSystem(system("bug", describeSystem)).map(
    ({ path, message, fix }) => `${path}: ${message}${fix === undefined ? "" : `; ${fix}`}`,
  );
}

/** Returns the problems of a service `api` with options that the type checker would reject. */
function apiWith(options: Record<string, unknown>): string[] {
  return problemsOf(({ image, service }) => {
    const app = image("app", { context: "services/app", runtime: "python" });
    service("api", { image: app, resources, ports: { http: 8000 }, ...options });
  });
}

describe("The words of the catalog", () => {
  const mistakes: Record<string, [options: Record<string, unknown>, ...sentences: string[]]> = {
    "a number in env": [{ env: { WORKERS: 4 } }, 'bug.api.env.WORKERS: expected text, got 4; write "4"'],
    "a number in a command": [
      { command: ["sleep", 5] },
      'bug.api.command.1: expected text, got 5; write "5"',
    ],
    "text instead of a list": [{ egress: "a:443" }, 'bug.api.egress: expected a list, got "a:443"'],
    "text instead of a number": [
      { replicas: "2" },
      'bug.api.replicas: expected a whole number from 0 to 1000, got "2"',
    ],
    "text instead of a probe": [
      { live: "/livez" },
      'bug.api.live: expected a probe such as http("/livez"), got "/livez"',
    ],
    "an object instead of volumes": [{ volumes: {} }, "bug.api.volumes: expected a list, got {}"],
    "an empty volume": [
      { volumes: [{}] },
      "bug.api.volumes.0.volume: expected a name, got nothing",
      "bug.api.volumes.0.path: expected an absolute path, got nothing",
      "bug.api.volumes.0.size: expected a size such as 10Gi, got nothing",
    ],
    "an unknown key of an environment": [
      { environments: { prod: { replica: 2 } } },
      "bug.api.environments.prod.replica: unknown option; did you mean replicas?",
    ],
    "an unknown environment": [
      { environments: { prd: { replicas: 2 } } },
      "bug.api.environments.prd: unknown option; did you mean prod?",
    ],
    "an unknown option of a probe": [
      { live: http("/livez", { intervall: "5s" } as never) },
      "bug.api.live.intervall: unknown option; did you mean interval?",
    ],
    "no options of a probe": [
      { live: http("/livez", 5 as never) },
      'bug.api.live.options: expected options such as { interval: "10s" }, got 5',
    ],
    "a probe without a command": [{ live: exec([]) }, "bug.api.live.command: expected a command, got []"],
    "an unknown option": [{ egres: [] }, "bug.api.egres: unknown option; did you mean egress?"],
    "a missing image": [
      { image: undefined },
      "bug.api.image: expected an image of this system, got nothing; is the name that it comes from spelt right?",
    ],
    "the name of an image": [
      { image: "app" },
      'bug.api.image: expected an image of this system, got "app"; write the value without quotes',
    ],
    "a secret's value of the wrong type, which is not repeated": [
      { env: { API_TOKEN: 12345 } },
      "bug.api.env.API_TOKEN: expected text, got a value that is not shown",
    ],
    "an exception of an unknown kind": [
      { exceptions: [{ allow: "root", reason: "because" }] },
      'bug.api.exceptions.0.allow: expected writable-root, net-bind-service, engine-socket or device, got "root"',
    ],
    "many mistakes at once": [
      { env: { A: 1, B: null }, after: ["migrate"], startup: "soon", scale: { min: 0, max: 2, cpu: 70 } },
      'bug.api.env.A: expected text, got 1; write "1"',
      "bug.api.env.B: expected text or a reference, got null",
      'bug.api.after.0: expected the value of a job or service, got "migrate"; write the value without quotes',
      'bug.api.startup: expected a time above zero such as 30s, got "soon"',
      "bug.api.scale.min: expected a whole number from 1 to 1000, got 0",
    ],
  };
  for (const [what, [options, ...sentences]] of Object.entries(mistakes)) {
    it(`report ${what}`, () => {
      assert.deepEqual(apiWith(options).sort(), [...sentences].sort());
    });
  }

  it("report a reference in a string with the variable", () => {
    const found = problemsOf(({ image, service, secret, postgres }) => {
      const [key, db] = [secret("key"), postgres("db")];
      const app = image("app", { context: "services/app", runtime: "python" });
      service("web", {
        image: app,
        resources,
        env: { HEADER: `Bearer ${key as unknown as string}` },
        nodes: { [`a-${db.host as unknown as string}`]: "b" },
      });
    });
    assert.equal(
      found[0],
      "bug.web.env.HEADER: a reference (secret key) cannot be put into a string; write text`…${reference}…` instead",
    );
    assert.ok(
      found.includes(
        "bug: a reference (db.host) cannot be put into a string; write text`…${reference}…` instead",
      ),
    );
  });

  it("throw for a reference in a string outside of a description", () => {
    let leaked: unknown;
    system("bug", ({ secret }) => {
      leaked = secret("key");
    });
    assert.throws(
      () => "".concat(leaked as string),
      /a reference \(secret key\) cannot be put into a string; write text`/,
    );
  });

  it("name the handle whose property does not exist", () => {
    const found = problemsOf(({ image, service, postgres, route }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const db = postgres("db") as unknown as Record<string, string>;
      const worker = service("worker", { image: app, resources }) as never as { http: never };
      const site = service("site", { image: app, resources, ports: { web: 8000 } });
      const typo = (site as never as { wbe: never }).wbe;
      route("/worker", worker.http);
      route("/typo", typo);
      route("/", site as never);
      service("user", { image: app, resources, env: { URL: db["ulr"] ?? "", SITE: site as never } });
    });
    assert.deepEqual(found.sort(), [
      "bug.routes./: expected a port of a service, such as api.http, got the service site; write site.web",
      'bug.routes./typo: site has no port "wbe"; its ports are web',
      "bug.routes./worker: worker has no ports; give it one: ports: { http: 8000 }",
      "bug.user.env.SITE: expected text or a reference, got the service site; write one of its values, such as site.web",
      'bug.user.env.URL: the postgres db has no "ulr"; it has host, port, database, username, password, url, ownerUrl, ownerRole',
    ]);
  });

  it("refuse the owner's login in a service, and allow it in a job", () => {
    const found = problemsOf(({ image, job, postgres, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      const db = postgres("db");
      const env = { DATABASE_URL: db.ownerUrl };
      service("api", { image: app, resources, env });
      job("migrate", { image: app, command: ["migrate"], resources, env });
    });
    assert.deepEqual(found, [
      "bug.api.env.DATABASE_URL: expected a login of the application, got db.ownerUrl, which owns the schema; write db.url, or use ownerUrl in a job",
    ]);
  });

  it("refuse a password in plain text, without repeating it", () => {
    assert.deepEqual(apiWith({ env: { DB_PASSWORD: "hunter22" } }), [
      'bug.api.env.DB_PASSWORD: expected a secret, got a secret by its name in plain text; declare it with secret("name") and use its value here',
    ]);
  });

  it("take resources that several services share, without `as const`", () => {
    const shared = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] };
    const found = problemsOf(({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      service("api", { image: app, resources: shared });
      service("worker", { image: app, resources: { ...shared, cpu: ["100m"] } });
    });
    assert.deepEqual(found, [
      'bug.worker.resources.cpu: expected [request, limit] such as ["100m", "1"], got ["100m"]',
    ]);
  });

  it("give file and line of the statement", () => {
    const definition = system("bug", ({ image, service }) => {
      const app = image("app", { context: "services/app", runtime: "python" });
      service("api", { image: app, resources, env: { WORKERS: 4 as never } });
    });
    const [problem, ...others] = checkSystem(definition);
    assert.equal(others.length, 0);
    assert.match(problem?.at ?? "", /^tests\/unit\/catalog-words\.test\.ts:\d+$/);
    assert.match(
      formatProblems("stacks/bug.ts", problem ? [problem] : []),
      /^stacks\/bug\.ts: 1 problem\n {2}bug\.api\.env\.WORKERS: expected text, got 4; write "4" \(tests\/unit\/\S+:\d+\)$/,
    );
    // Definitions remain plain data.
    assert.deepEqual(JSON.parse(JSON.stringify(definition)), definition);
  });

  it("turn any value anywhere in a description into problems at its path, and throw nothing else", function () {
    this.timeout(60_000);
    const junk = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        undefined,
        NaN,
        Infinity,
        -1,
        1.5,
        "",
        "\0",
        "a\nb",
        "9999999999h",
        [[]],
        () => 1,
      ),
    );
    const statements = calls();
    const positions = statements.flatMap(([word, ...args], index) =>
      args.flatMap((argument, at) => positionsIn(argument, [at]).map((path) => ({ word, index, path }))),
    );
    assert.ok(positions.length > 100);
    fc.assert(
      fc.property(fc.constantFrom(...positions), junk, ({ index, path }, value) => {
        const changed = (at: number, args: readonly unknown[]) =>
          at === index ? (put(args, path, value) as unknown[]) : args;
        let definition;
        const describeAll = (words: Vocabulary) => {
          runCalls(words, changed);
        };
        try {
          definition = system("bug", describeAll);
          planSystem(definition, {
            environment: "prod",
            target: "kubernetes",
            domain: "example.com",
            settings: {},
          });
        } catch (error) {
          assert.ok(
            error instanceof ProblemsError,
            `${String(error)} ${error instanceof Error ? (error.stack ?? "") : ""}`,
          );
          assert.ok(
            error.problems.every((problem) => problem.path.startsWith("bug") && problem.message !== ""),
          );
          if (path.length > 1) {
            const [name] = statements[index]?.slice(1) ?? [];
            const start = String(name);
            assert.ok(
              error.problems.some(({ path, message }) => `${path}: ${message}`.includes(start)),
              `${error.message}\n(expected a path with ${start})`,
            );
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

type Call = [word: string, ...args: unknown[]];

/** Represents the handle of an earlier statement, by its name. */
class Later {
  constructor(
    readonly from: string,
    readonly property?: string,
  ) {}
}

/** Returns a valid description that uses every option of every statement, as data. */
function calls(): Call[] {
  const app = new Later("app");
  return [
    [
      "image",
      "app",
      {
        context: "services/app",
        dockerfile: "Dockerfile",
        target: "run",
        contexts: { shared: "services/shared" },
        args: { MODEL: "small" },
        user: 1000,
        runtime: "python",
      },
    ],
    ["upstream", "tool", "acme/tool:1", { user: 1000, runtime: "wget" }],
    [
      "postgres",
      "db",
      {
        version: 17,
        database: "data",
        extensions: ["vector"],
        storage: "10Gi",
        resources,
        environments: { prod: { resources } },
      },
    ],
    ["redis", "cache", { version: 7, maxMemory: "64Mi", eviction: "noeviction", appendOnly: true }],
    [
      "kafka",
      "events",
      {
        version: "4.1.1",
        topics: { samples: { partitions: 2, retention: "24h", retentionSize: "1Gi", cleanup: "delete" } },
      },
    ],
    ["neo4j", "graph", { version: "5.26" }],
    ["secret", "key", { from: "generated", kind: "text", length: 32, optionalIn: ["local"] }],
    [
      "secret",
      "pair",
      { from: "generated", kind: "tls", names: ["localhost"], days: 10, optionalIn: ["prod"], watched: true },
    ],
    ["secret", "signing", { kind: "keys", length: 32 }],
    ["setting", "level", "info", { oneOf: ["info", "debug"] }],
    ["setting", "workers", 4, { min: 1, max: 8 }],
    ["setting", "year", "2026", { pattern: "\\d{4}" }],
    [
      "job",
      "migrate",
      {
        image: app,
        command: ["run", text`a${new Later("level") as never}`],
        env: { URL: new Later("db", "ownerUrl") },
        resources,
        timeout: "10m",
      },
    ],
    [
      "service",
      "api",
      {
        image: app,
        gpuImage: app,
        command: ["serve", "--fast"],
        env: {
          KEY: new Later("key"),
          LEVEL: new Later("level"),
          CACHE: new Later("cache", "url"),
          PLAIN: "text",
        },
        after: [new Later("migrate")],
        resources,
        egress: ["api.example.com:443"],
        writable: ["/tmp"],
        files: {
          "/etc/app.conf": "text",
          "/etc/key.conf": { whenSet: new Later("key"), then: "a", otherwise: "b" },
        },
        exceptions: [
          { allow: "writable-root", reason: "because" },
          { allow: "device", path: "/dev/ttyUSB0", groups: [20], reason: "because" },
        ],
        nodes: { "longshore.dev/devices": "true" },
        environments: {
          dev: { env: { PLAIN: "other" }, replicas: 2, resources, gpu: 1 },
          prod: { scale: { min: 2, max: 3, cpu: 70 } },
        },
        ports: { http: 8000, metrics: 9000 },
        live: http("/livez", { interval: "10s", timeout: "1s", failures: 3, port: "http" }),
        ready: tcp({ port: "http" }),
        startup: "60s",
        grace: "30s",
        scale: { min: 2, max: 4, cpu: 70, memory: 80 },
        metrics: { port: "metrics", path: "/metrics" },
        develop: {
          target: "development",
          mounts: { src: "/app/src" },
          debug: 5678,
          command: ["dev"],
          build: "/build",
        },
        dispensable: false,
      },
    ],
    [
      "service",
      "keeper",
      {
        image: new Later("tool"),
        resources,
        ports: { http: 8080 },
        replicas: 1,
        volumes: [{ volume: "data", path: "/data", size: "1Gi" }],
        only: ["local", "dev"],
        profile: "dev-tools",
        publish: 9000,
        live: exec(["true"]),
      },
    ],
    [
      "route",
      "/api",
      new Later("api", "http"),
      {
        rateLimit: { requests: 10, per: "1s", burst: 5 },
        cors: { origins: "*" },
        bodyLimit: "1Mi",
        websocket: true,
      },
    ],
  ];
}

function runCalls(
  words: Vocabulary,
  change: (index: number, args: readonly unknown[]) => readonly unknown[],
): void {
  const made = new Map<string, unknown>();
  for (const [index, [word, ...args]] of calls().entries()) {
    const [name] = args;
    const resolved = change(index, args).map((one) => resolve(one, made));
    const run = (words as unknown as Record<string, (...all: unknown[]) => unknown>)[word];
    made.set(String(name), run?.(...resolved));
  }
}

function resolve(value: unknown, made: ReadonlyMap<string, unknown>): unknown {
  if (value instanceof Later) {
    const found = made.get(value.from);
    return value.property === undefined ? found : (found as Record<string, unknown>)[value.property];
  }
  if (Array.isArray(value)) {
    return value.map((one) => resolve(one, made));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, made)]))
    : value;
}

function positionsIn(value: unknown, path: readonly PropertyKey[]): (readonly PropertyKey[])[] {
  const inner =
    typeof value === "object" && value !== null && !(value instanceof Later)
      ? Object.entries(value).flatMap(([key, one]) =>
          positionsIn(one, [...path, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  return [path, ...inner];
}

function put(value: unknown, [key, ...rest]: readonly PropertyKey[], junk: unknown): unknown {
  if (key === undefined) {
    return junk;
  }
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => (index === key ? put(one, rest, junk) : one));
  }
  const fields = value as Record<PropertyKey, unknown>;
  return { ...fields, [key]: put(fields[key], rest, junk) };
}
