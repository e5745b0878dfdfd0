import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { Agent, get } from "node:https";
import { TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { after, afterEach, before, describe, it } from "mocha";
import type { Generations } from "../../catalog/generations";
import { selfSigned, type TlsPair } from "../../cli/secrets/certificate";
import { deploySystem } from "../../targets/compose";
import { freePort, ROOT, TestStack, useDocker } from "../support/compose-stack";
import { killEngineOf } from "../support/processes";
import { rotationPlan, type RotationOptions } from "../support/rotation-sample";

const PROJECT = "rotating-test";
/** Secrets that rotate by generation. The key of an external API is only replaced by a new value. */
const ROTATED = [
  "cache-password",
  "db-admin-password",
  "db-app-password",
  "db-migrate-password",
  "edge-tls",
  "graph-password",
  "token-keys",
];

function all(number: number, retired?: number): Generations {
  return Object.fromEntries(
    ROTATED.map((name) => [name, { number, ...(retired !== undefined && { retired }) }]),
  );
}

/** Returns a password with special characters. */
const passwordOf = (name: string) =>
  `${name}-a+b=c "d\\e@f:${name.startsWith("graph") ? "" : "/"}${"x".repeat(8)}`;

describe("rotation of every kind of secret under load", function () {
  this.timeout(420_000);
  let stack: TestStack;
  let port: number;
  let pairs: TlsPair[];
  let apiKey = "first-key";
  const url = () => `https://127.0.0.1:${port}`;

  const secretValue = (name: string): string => {
    const tls = /^edge-tls-(certificate|key)(?:@(\d+))?$/.exec(name);
    if (tls) {
      return pairs[Number(tls[2] ?? 1) - 1]?.[tls[1] as keyof TlsPair] ?? assert.fail(name);
    }
    return name === "api-key" ? apiKey : passwordOf(name);
  };
  const program = (options: RotationOptions) => () => {
    const { url: address } = deploySystem(rotationPlan(options), {
      root: ROOT,
      settings: { stack: "test", ports: { rotating: port } },
      secretValue: (_system, name) => pulumi.secret(secretValue(name)),
    });
    return { url: address };
  };
  const containers = () =>
    Object.fromEntries(
      ["cache", "db", "edge", "graph", "idle", "web"].map((name) => [name, stack.running(name).join()]),
    );

  /** Tries a login from the service's container. */
  function attempt(...login: string[]): string {
    const [web = ""] = stack.running("web");
    const input = JSON.stringify(login);
    const command = ["exec", "-i", web, "python", "/srv/app.py", "try"];
    return execFileSync("docker", command, { input, encoding: "utf8" }).trim().split(":")[0] ?? "";
  }
  const database = (user: string, name: string) =>
    attempt("postgres", `postgresql://${user}:${encodeURIComponent(passwordOf(name))}@db:5432/rotating`);
  const cache = (name: string) =>
    attempt("redis", `redis://:${encodeURIComponent(passwordOf(name))}@cache:6379/0`);
  const graph = (user: string, name: string) => attempt("neo4j", "bolt://graph:7687", user, passwordOf(name));
  /** Tries every login of a generation. Returns the results by secret. */
  function logins(number: number): Record<string, string> {
    const of = (name: string) => (number === 1 ? name : `${name}@${number}`);
    return {
      admin: database("postgres", of("db-admin-password")),
      app: database(number % 2 === 1 ? "rotating_app_a" : "rotating_app_b", of("db-app-password")),
      migrate: database("rotating_migrate", of("db-migrate-password")),
      cache: cache(of("cache-password")),
      graph: graph(number % 2 === 1 ? "neo4j" : "neo4j_b", of("graph-password")),
    };
  }
  const each = (word: string) => ({ admin: word, app: word, migrate: word, cache: word, graph: word });

  before(async () => {
    const images = rotationPlan().images.flatMap(({ source }) =>
      source.kind === "upstream" ? [source.reference] : [],
    );
    await useDocker(images);
    port = await freePort();
    stack = await TestStack.create(PROJECT);
    pairs = await Promise.all([1, 2, 3, 4].map(() => selfSigned(["127.0.0.1"], 1)));
  });
  /** The load of a failed test, which would otherwise keep this process running. */
  let running: KindsOfLoad | undefined;
  afterEach(() => running?.stop());
  after(() => {
    stack.remove();
  });

  it("begins with the first value of each", async () => {
    stack.program = program({});
    await stack.up();
    assert.deepEqual(logins(1), each("good"));
    assert.deepEqual(
      [(await ask("/db")).body, (await ask("/key")).body],
      ["rotating_app_a", createHash("sha256").update(apiKey).digest("hex")],
    );
  });

  it("replaces all of them at once: no request fails, and what is replaced is dead", async () => {
    const before = containers();
    const { body: token } = await ask(`/token`);
    const load = (running = new KindsOfLoad());
    apiKey = "second-key";
    stack.program = program({ generations: all(2) });
    const { text } = await stack.up();
    await load.stop();
    load.print("all at once");
    assert.deepEqual(load.failures(), {}, text);

    assert.deepEqual(logins(2), each("good"));
    assert.deepEqual(logins(1), each("refused"));
    const now = containers();
    assert.notEqual(now.web, before.web);
    assert.deepEqual({ ...now, web: "" }, { ...before, web: "" }, "nobody else was replaced");
    assert.equal((await ask("/db")).body, "rotating_app_b");
    assert.equal((await ask("/")).certificate, fingerprint(2), "the proxy has read its files again");
    assert.equal((await ask("/key")).body, createHash("sha256").update("second-key").digest("hex"));
    assert.equal((await ask(`/token?${token}`)).body, "valid", "the key before is still accepted");
  });

  it("changes nothing when nothing changed", async () => {
    const { changes } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
  });

  it("ends a signing key when it is retired", async () => {
    const { body: token } = await ask(`/token`);
    stack.program = program({ generations: all(2, 1) });
    const load = (running = new KindsOfLoad());
    await stack.up();
    await load.stop();
    load.print("retired key");
    assert.deepEqual(load.failures(), {});
    const old = "0011223344556677";
    const signed = execFileSync(
      "python3",
      [
        "-c",
        "import hmac,sys; k,p=sys.stdin.read().split('\\n'); print(p+'.'+hmac.new(k.encode(),p.encode(),'sha256').hexdigest())",
      ],
      { input: `${passwordOf("token-keys")}\n${old}`, encoding: "utf8" },
    ).trim();
    assert.match((await ask(`/token?${signed}`)).body, /^Refused/);
    assert.equal((await ask(`/token?${token}`)).body, "valid");
  });

  it("killed half way, the next run completes it", async () => {
    const load = (running = new KindsOfLoad());
    stack.program = program({ generations: all(3, 1) });
    let killed = false;
    await stack.upFails((output) => {
      if (!killed && /waiting for web/.test(output)) {
        killed = true;
        killEngineOf(process.pid);
      }
    });
    assert.ok(killed, "it was killed in the middle");
    await stack.stack.cancel();
    await stack.up();
    await load.stop();
    load.print("killed half way");
    assert.deepEqual(load.failures(), {});
    assert.deepEqual(logins(3), each("good"));
    assert.deepEqual(logins(2), each("refused"));
  });

  it("whose rollout fails leaves the old ones working, and the next run completes it", async () => {
    const load = (running = new KindsOfLoad());
    stack.program = program({ generations: all(4, 1), crash: true });
    const text = await stack.upFails();
    assert.match(text, /web still runs its previous version/);
    const { app, cache: inCache, graph: inGraph } = logins(3);
    assert.deepEqual([app, inCache, inGraph], ["good", "good", "good"]);
    stack.program = program({ generations: all(4, 1) });
    await stack.up();
    await load.stop();
    load.print("failed, then fixed");
    assert.deepEqual(load.failures(), {});
    assert.deepEqual(logins(4), each("good"));
    assert.deepEqual(logins(3), each("refused"));
  });

  it("leaves no value in the state or in what containers show", () => {
    const seen = [
      stack.state(),
      ...stack.containers().map((id) => execFileSync("docker", ["inspect", id], { encoding: "utf8" })),
    ].join("\n");
    for (const value of ["cache-password-a+b", "db-app-password@4-a+b", "second-key", "PRIVATE KEY"]) {
      assert.ok(!seen.includes(value), value.slice(0, 12));
    }
  });

  function fingerprint(number: number): string {
    const pem = pairs[number - 1]?.certificate ?? "";
    return createHash("sha256")
      .update(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"))
      .digest("hex");
  }

  interface Answer {
    readonly status: number;
    readonly body: string;
    readonly certificate: string;
  }

  /** Sends a request over a new connection that accepts every certificate of the test. */
  function ask(path: string): Promise<Answer> {
    const ca = pairs.map(({ certificate }) => certificate);
    return new Promise((resolve, reject) => {
      const agent = new Agent({ keepAlive: false });
      const request = get(`${url()}${path}`, { ca, agent, timeout: 60_000 }, (answer) => {
        const { socket } = answer;
        const raw = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : "";
        const certificate = createHash("sha256").update(raw).digest("hex");
        let body = "";
        answer.on("data", (part: Buffer) => (body += part.toString()));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, body, certificate });
        });
        answer.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no answer within a minute")));
      request.on("error", reject);
    });
  }

  /** Sends requests of every kind repeatedly until stopped. */
  class KindsOfLoad {
    private isStopped = false;
    private readonly sent: Record<string, number> = {};
    private readonly failed: Record<string, string[]> = {};
    private readonly workers = [
      this.work("database", () => ask("/db")),
      this.work("redis", () => ask("/cache")),
      this.work("neo4j", () => ask("/graph")),
      this.work("certificate", () => ask("/")),
      this.work("API key", () => ask("/key")),
      this.work("token", async () => {
        const issued = await ask("/token");
        return issued.status === 200 ? ask(`/token?${issued.body}`) : issued;
      }),
    ];

    async stop(): Promise<void> {
      this.isStopped = true;
      await Promise.all(this.workers);
    }

    failures(): Record<string, string[]> {
      return this.failed;
    }

    print(what: string): void {
      const counts = Object.entries(this.sent).map(
        ([kind, count]) => `${kind} ${count}/${this.failed[kind]?.length ?? 0}`,
      );
      console.log(`      ${what}, requests sent/failed: ${counts.join(", ")}`);
    }

    private async work(kind: string, request: () => Promise<Answer>): Promise<void> {
      while (!this.isStopped) {
        this.sent[kind] = (this.sent[kind] ?? 0) + 1;
        const failure = await request().then(
          ({ status, body }) => (status === 200 ? undefined : `${status} ${body}`),
          (error: unknown) => String(error),
        );
        if (failure !== undefined) {
          (this.failed[kind] ??= []).push(failure);
        }
        await sleep(20);
      }
    }
  }
});
