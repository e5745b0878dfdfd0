import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { restartable, restartService } from "../../providers/compose/restart";
import { sampleProgram, type SampleOptions } from "../support/compose-sample";
import { docker, freePort, Load, TestStack } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PROJECT = "sample-cycle";
const VOLUME = `${PROJECT}_db_data`;

describe("a Compose project under the real engine", function () {
  this.timeout(120_000);
  let stack: TestStack;
  let port: number;
  let url: string;
  const program = (options: SampleOptions = {}) => sampleProgram("cycle", port, options);
  const ids = () => ["api", "db", "edge", "web"].map((service) => stack.running(service).join());
  const inContainer = (service: string, ...command: string[]) =>
    docker("exec", stack.running(service)[0] ?? "", ...command);

  before(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    stack = await TestStack.create(PROJECT);
  });
  after(() => {
    stack.remove();
  });

  it("comes up in order and serves through the edge", async () => {
    stack.program = program();
    const { changes } = await stack.up();
    assert.equal(changes.create, 2);
    assert.match(
      await (await fetch(`${url}/hello?a=b`)).text(),
      /^version=1 secret=\w{12} path=\/hello\?a=b$/m,
    );
    assert.match(await (await fetch(`${url}/api/x`)).text(), /secret= path=\/api\/x$/m);
    const outputs = await stack.stack.outputs();
    assert.equal(outputs.url?.value, url);
  });

  it("adds forwarding headers, keeps a request id and makes one where there is none", async () => {
    const given = await fetch(url, { headers: { "x-request-id": "abcdef-123456" } });
    assert.equal(given.headers.get("seen-x-request-id"), "abcdef-123456");
    assert.equal(given.headers.get("x-request-id"), "abcdef-123456");
    assert.equal(given.headers.get("seen-x-forwarded-host"), `127.0.0.1:${port}`);
    assert.equal(given.headers.get("seen-x-forwarded-proto"), "http");
    const made = await fetch(url, { headers: { "x-request-id": 'x" bad' } });
    assert.match(made.headers.get("seen-x-request-id") ?? "", /^[0-9a-f]{32}$/);
  });

  it("passes streams on as they come, and refuses bodies that are too large", async () => {
    const stream = await fetch(`${url}/stream`);
    const pieces: string[] = [];
    for await (const piece of stream.body ?? []) {
      pieces.push(Buffer.from(piece as Uint8Array).toString());
    }
    assert.deepEqual(pieces, ["data: first\n\n", "data: second\n\n"]);
    const body = Buffer.alloc(17 * 1024 * 1024);
    assert.equal((await fetch(url, { method: "POST", body })).status, 413);
    assert.equal((await fetch(url, { method: "POST", body: body.subarray(0, 1024 * 1024) })).status, 200);
  });

  it("gives secrets to the container's user alone, and no way to write, to others or out", () => {
    assert.equal(inContainer("web", "stat", "-c", "%u %a", "/run/secrets/token"), "1000 400");
    assert.throws(() => inContainer("web", "sh", "-c", "echo x > /srv/x"), /Read-only file system/);
    assert.equal(
      inContainer("web", "sh", "-c", "grep CapEff /proc/self/status"),
      "CapEff:\t0000000000000000",
    );
    const connect = (host: string, to: number) =>
      inContainer("web", "python", "-c", `import socket; socket.create_connection(("${host}", ${to}), 2)`);
    assert.throws(() => connect("db", 8000), /Name or service not known|Temporary failure/);
    assert.throws(() => connect("192.0.2.1", 80), /unreachable|timed out/);
    const published = docker(
      "ps",
      "--filter",
      `label=com.docker.compose.project=${PROJECT}`,
      "--format",
      "{{.Ports}}",
    );
    assert.deepEqual(published.match(/\S+->\d+/g), [`127.0.0.1:${port}->8080`]);
  });

  it("changes nothing when nothing changed", async () => {
    const running = ids();
    const { changes } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
    assert.deepEqual(ids(), running);
  });

  it("leaves alone what has recovered before the engine has noticed", async () => {
    const [api = ""] = stack.running("api");
    const health = () => docker("inspect", "--format", "{{.State.Health.Status}}", api);
    const started = () => docker("inspect", "--format", "{{.State.StartedAt}}", api);
    const before = started();
    inContainer("api", "touch", "/tmp/ill");
    await eventually("Docker calls the container unhealthy", health, {
      until: (state) => state === "unhealthy",
    });
    assert.match(await stack.preview(), /~ api *: \{\s*~ state: "unhealthy" => "running"/);
    inContainer("api", "rm", "/tmp/ill");
    const { changes } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
    assert.equal(started(), before);
  });

  it("shows by service what a change does, and rolls only that service without failing a request", async () => {
    const [api, db, edge, web] = ids();
    stack.program = program({ webVersion: "2", readyAfter: 2, replicas: 2 });
    const preview = await stack.preview();
    assert.match(preview, /~ document[\s\S]*~ services[\s\S]*~ web[\s\S]*APP_VERSION: "1" => "2"/);
    assert.doesNotMatch(preview, /~ (api|db|edge)\b/);
    const load = new Load(`${url}/load`);
    const { text, changes } = await stack.up();
    await load.stop();
    assert.equal(changes.update, 1);
    assert.match(text, /services: ~ web\n/);
    assert.match(text, /waiting for web \(503 version=2 secret=\w+ path=\/ready, \d+ s of 85 s\)/);
    assert.deepEqual(load.failures, []);
    assert.ok(load.requests > 100, `${load.requests} requests`);
    const now = ids();
    assert.deepEqual([now[0], now[1], now[2]], [api, db, edge]);
    assert.equal(stack.running("web").length, 2);
    assert.ok(!now[3]?.includes(web ?? "none"));
    assert.match(await (await fetch(url)).text(), /version=2/);
  });

  it("names a service that does not come up, shows its last lines without secrets, and leaves the old one", async () => {
    const running = ids();
    stack.program = program({ webVersion: "3", crash: true });
    const load = new Load(`${url}/load`);
    const text = await stack.upFails();
    await load.stop();
    assert.match(text, /web: exited with code 3/);
    assert.match(text, /cannot go on: the flux capacitor is missing/);
    assert.match(text, /the token is \[secret\]/);
    assert.doesNotMatch(text, /first-token-value/);
    assert.deepEqual(load.failures, []);
    assert.deepEqual(
      [...load.answers].map((answer) => answer.split(" ")[0]),
      ["version=2"],
    );
    assert.deepEqual(ids(), running);
    assert.equal(stack.containers("web").length, 2);
  });

  it("goes on from there", async () => {
    stack.program = program({ webVersion: "4" });
    await stack.up();
    assert.match(await (await fetch(url)).text(), /version=4/);
    assert.equal(stack.containers("web").length, 1);
  });

  it("restarts exactly the users of a changed secret, whose value is nowhere to be read", async () => {
    const [api, db, edge, web] = ids();
    const old = await (await fetch(url)).text();
    const secret = "second-tökén-$value'\"";
    stack.program = program({ webVersion: "4", secret });
    const preview = await stack.preview();
    assert.match(preview, /secretFiles[\s\S]*secrets\/web\/token[\s\S]*\[secret\]/);
    const load = new Load(`${url}/load`);
    const { text } = await stack.up();
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.match(text, /services: ~ web\n/);
    assert.deepEqual(ids().slice(0, 3), [api, db, edge]);
    assert.notEqual(ids()[3], web);
    assert.notEqual(await (await fetch(url)).text(), old);
    assert.equal(inContainer("web", "cat", "/run/secrets/token"), secret);
    const labels = docker("inspect", ...stack.containers());
    for (const place of [preview, text, stack.state(), labels]) {
      for (const form of [
        secret,
        JSON.stringify(secret).slice(1, -1),
        Buffer.from(secret).toString("base64"),
      ]) {
        assert.ok(!place.includes(form));
      }
    }
  });

  it("replaces what runs by the same again when it is asked to, without failing a request", async () => {
    const data = process.env["XDG_DATA_HOME"];
    process.env["XDG_DATA_HOME"] = join(stack.folder, "data");
    try {
      const services = await restartable(PROJECT);
      assert.deepEqual(
        services.filter(({ stops }) => stops).map(({ service }) => service),
        ["db", "edge"],
      );
      const [api, db, edge, web] = ids();
      const call = { log: { status() {}, info() {}, warning() {} }, signal: new AbortController().signal };
      const answer = await (await fetch(url)).text();
      const load = new Load(`${url}/load`);
      await restartService(PROJECT, "web", call);
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.ok(load.requests > 20, `${load.requests} requests`);
      assert.equal(await (await fetch(url)).text(), answer);
      await restartService(PROJECT, "db", call);
      const now = ids();
      assert.deepEqual([now[0], now[2]], [api, edge]);
      assert.ok(now[1] !== db && now[3] !== web, now.join(" "));
      assert.equal(stack.containers("web").length + stack.containers("db").length, 2);
      await assert.rejects(restartService(PROJECT, "nobody", call), /nobody: the files .* are gone/);
    } finally {
      process.env["XDG_DATA_HOME"] = data;
      if (data === undefined) {
        delete process.env["XDG_DATA_HOME"];
      }
    }
    const { changes } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
  });

  it("keeps only the files that containers mount", () => {
    const releases = join(stack.folder, "data", "longshore", "projects", PROJECT, "releases");
    const mounted = docker(
      "inspect",
      "--format",
      "{{range .Mounts}}{{.Source}} {{end}}",
      ...stack.containers(),
    );
    for (const release of readdirSync(releases)) {
      assert.ok(mounted.includes(release), release);
    }
  });

  it("detects and corrects drift", async () => {
    const [api] = ids();
    docker("rm", "--force", ...stack.running("web"));
    docker("stop", "--time", "1", ...stack.running("db"));
    const refreshed = await stack.refresh();
    assert.match(refreshed, /Project sample updated .*\[diff: ~services\]/);
    const preview = await stack.preview();
    assert.match(preview, /~ db *: \{\s*~ state: "stopped \(exit code \d+\)" => "running"/);
    assert.match(preview, /~ web *: \{\s*~ state: "missing" => "running"/);
    await stack.up();
    assert.match(await (await fetch(url)).text(), /version=4/);
    assert.equal(stack.running("db").length, 1);
    assert.equal(ids()[0], api);
  });

  it("names the port's holder before it touches anything", async () => {
    const running = ids();
    const taken = await freePort();
    const holder = await stack.listen(taken);
    stack.program = sampleProgram("cycle", taken, { webVersion: "5" });
    const text = await stack.upFails();
    holder.close();
    assert.match(
      text,
      new RegExp(`longshore:ports.sample: port ${taken} is in use by \\S+ \\(process ${process.pid}\\)`),
    );
    assert.deepEqual(ids(), running);
  });

  it("moves to another port", async () => {
    const [api, db, edge] = ids();
    port = await freePort();
    stack.program = program({ webVersion: "4" });
    await stack.up();
    assert.match(await (await fetch(`http://127.0.0.1:${port}`)).text(), /version=4/);
    await assert.rejects(fetch(url));
    assert.deepEqual(ids().slice(0, 2), [api, db]);
    assert.notEqual(ids()[2], edge);
    assert.equal(stack.containers("edge").length, 1);
  });

  it("keeps its volumes when it is taken down, and finds them again", async () => {
    docker(
      "run",
      "--rm",
      "--volume",
      `${VOLUME}:/data`,
      "python:3.13-slim",
      "sh",
      "-c",
      "echo kept > /data/note",
    );
    await stack.stack.destroy();
    assert.deepEqual(stack.containers(), []);
    assert.deepEqual(stack.volumes(), [VOLUME]);
    assert.equal(stack.networks().length, 0);
    assert.ok(!existsSync(join(stack.folder, "data", "longshore", "projects", PROJECT)));
    stack.program = program();
    await stack.up();
    assert.equal(inContainer("db", "cat", "/data/note"), "kept");
    await stack.stack.destroy();
  });
});
