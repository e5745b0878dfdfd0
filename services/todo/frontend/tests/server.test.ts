import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { makeKeys, PREVIEW_PROPS } from "../server/keys.mjs";
import { readConfig } from "../src/lib/config.ts";
import { contentSecurityPolicy } from "../src/lib/csp.ts";
import { backendUrl, forward } from "../src/lib/forward.ts";
import { routeOf } from "../src/lib/metrics.ts";
import { notReady } from "../src/lib/ready.ts";

const servers: ReturnType<typeof createServer>[] = [];
after(() => servers.forEach((server) => server.close()));

/** A backend of this test's own on a free port. */
async function backend(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("passing requests on to API_URL", () => {
  it("keeps method, query, body, status and the headers that matter, and no cookie", async () => {
    let seen: unknown;
    const API_URL = await backend((request, response) => {
      const { method, url, headers } = request;
      request
        .setEncoding("utf8")
        .toArray()
        .then((chunks) => {
          seen = {
            method,
            url,
            body: chunks.join(""),
            type: headers["content-type"],
            cookie: headers.cookie,
          };
          response.writeHead(201, { location: "/api/todos/1", "set-cookie": "a=b", "x-request-id": "r1" });
          response.end('{"id":1}');
        }, assert.fail);
    });
    const request = new Request("http://page.test/api/todos?x=%20y", {
      method: "POST",
      body: '{"title":"é"}',
      headers: { "content-type": "application/json", cookie: "s=1" },
    });
    const answer = await forward(request, { API_URL: `${API_URL}/` });
    assert.deepEqual(seen, {
      method: "POST",
      url: "/api/todos?x=%20y",
      body: '{"title":"é"}',
      type: "application/json",
      cookie: undefined,
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("location"), "/api/todos/1");
    assert.equal(answer.headers.get("x-request-id"), "r1");
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.deepEqual(await answer.json(), { id: 1 });
  });

  it("streams: the first part arrives before the last one was sent", async () => {
    let finish = () => {};
    const API_URL = await backend((_request, response) => {
      response.write("first");
      finish = () => response.end("last");
    });
    const reader = (await forward(new Request("http://page.test/api/chat"), { API_URL })).body!.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "first");
    finish();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "last");
  });

  it("reaches nothing but todos and chat", async () => {
    const API_URL = await backend(() => assert.fail("must not be called"));
    for (const path of [
      "/api/todos/../../metrics",
      "/api/todos/%2e%2e/openapi.json",
      "/api/todos/..%2f..%2fmetrics",
      "/metrics",
    ]) {
      const answer = await forward(new Request(`http://page.test${path}`), { API_URL });
      assert.equal(answer.status, 404, path);
    }
  });

  it("answers with a problem when the backend is away or unknown", async (test) => {
    test.mock.method(console, "error", () => {});
    const away = await forward(new Request("http://page.test/api/chat"), { API_URL: "http://127.0.0.1:1" });
    assert.equal(away.status, 502);
    assert.equal(away.headers.get("content-type"), "application/problem+json");
    assert.equal((await forward(new Request("http://page.test/api/chat"), {})).status, 503);
    assert.equal(
      (await forward(new Request("http://page.test/api/chat"), { API_URL: "file:///etc" })).status,
      503,
    );
  });

  it("honours a path in API_URL", () => {
    assert.equal(
      backendUrl("http://p/api/chat?a=1", "http://api:8000/base/")?.href,
      "http://api:8000/base/api/chat?a=1",
    );
  });
});

describe("readiness", () => {
  it("follows the backend's", async () => {
    let status = 200;
    const API_URL = await backend((request, response) => {
      assert.equal(request.url, "/readyz");
      response.writeHead(status).end();
    });
    assert.equal(await notReady({ API_URL }), undefined);
    status = 503;
    assert.equal(await notReady({ API_URL }), "the backend answers 503");
    assert.match((await notReady({}))!, /API_URL is not set/);
    assert.match((await notReady({ API_URL: "http://127.0.0.1:1" }))!, /did not answer/);
  });
});

describe("pages", () => {
  it("run only scripts with their nonce", () => {
    const policy = contentSecurityPolicy("abc", { development: false });
    assert.match(policy, /script-src 'self' 'nonce-abc' 'strict-dynamic';/);
    assert.doesNotMatch(policy, /unsafe/);
  });

  it("take their title from the environment of now", () => {
    assert.deepEqual(readConfig({}), { title: "Todo", badge: undefined });
    assert.deepEqual(readConfig({ APP_TITLE: " Tasks ", APP_BADGE: "staging" }), {
      title: "Tasks",
      badge: "staging",
    });
  });
});

describe("metrics", () => {
  it("name routes, not paths", () => {
    assert.equal(routeOf("/api/todos/123/restore?x=1"), "/api/todos");
    assert.equal(routeOf("/_next/static/chunks/a.js"), "/_next");
    assert.equal(routeOf("/?q=1"), "/");
    assert.equal(routeOf("/wp-login.php"), "unmatched");
  });
});

describe("the start script", () => {
  /** Runs it before a server of this test's own, stops it once that says "go", and gives its log lines. */
  async function run(server: string, environment: Record<string, string>) {
    const folder = await mkdtemp(join(tmpdir(), "todo-start-"));
    for (const name of ["start.mjs", "keys.mjs"]) {
      await copyFile(new URL(`../server/${name}`, import.meta.url), join(folder, name));
    }
    await writeFile(join(folder, "server.js"), `${server}; setInterval(() => {}, 1000); console.log("go");`);
    const child = spawn(process.execPath, ["start.mjs"], {
      cwd: folder,
      env: { ...process.env, ...environment },
    });
    const closed = once(child, "close");
    let output = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) {
      output += chunk as string;
      if (output.includes('"go"') && !child.killed) child.kill("SIGTERM");
    }
    const [code] = (await closed) as [number];
    const lines = output.trim().split("\n");
    return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, string>) };
  }

  it("listens on all interfaces and logs JSON lines", async () => {
    const server = `
      console.log("\u001b[1m listening\\n on %s", process.env.HOSTNAME);
      console.error("oops", new Error("broken", { cause: new Error("disk") }));
      console.log("   ");
      process.once("SIGTERM", () => process.exit(143))`;
    const { code, lines } = await run(server, { HOSTNAME: "4c1f0a" });
    assert.equal(lines[0]!.message, "listening on 0.0.0.0");
    assert.deepEqual(
      [lines[1]!.level, lines[1]!.message, lines[1]!.cause],
      ["error", "oops Error: broken", "Error: disk"],
    );
    assert.deepEqual(
      lines.slice(2).map(({ message }) => message),
      ["go", "stopping on SIGTERM", "stopped with code 0"],
    );
    assert.equal(code, 0);
  });

  it("leaves in time though the server is still busy", async () => {
    const { code, lines } = await run(`process.once("SIGTERM", () => {})`, { SHUTDOWN_TIMEOUT: "0.1" });
    assert.deepEqual(lines.at(-2), {
      ...lines.at(-2),
      level: "warning",
      message: "still busy after 0.1 s, leaving",
    });
    assert.equal(code, 0);
  });
});

describe("the keys of Next.js", () => {
  const key = "0123456789abcdef0123456789abcdef";

  /** Output of a build with four keys, and what forgetting them ends with. */
  async function forget(more: Record<string, string> = {}) {
    const folder = await mkdtemp(join(tmpdir(), "todo-keys-"));
    await mkdir(join(folder, ".next", "server"), { recursive: true });
    const props = { previewModeId: `${key}1`, previewModeSigningKey: `${key}2`, previewModeEncryptionKey: `${key}3` };
    const files = {
      "prerender-manifest.json": JSON.stringify({ version: 4, preview: props }),
      "server/preview-props.json": JSON.stringify(props),
      "server/server-reference-manifest.json": JSON.stringify({ node: {}, encryptionKey: `${key}4` }),
      "server/server-reference-manifest.js": `self.m="{\\"encryptionKey\\":\\"${key}4\\"}"`,
      ...more,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, ".next", name), text);
    const script = new URL("../server/forget-keys.mjs", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, folder]);
    let said = "";
    for await (const chunk of child.stderr.setEncoding("utf8")) said += chunk as string;
    const code = child.exitCode ?? ((await once(child, "close")) as [number])[0];
    const read = (name: string) => readFile(join(folder, ".next", name), "utf8");
    return { code, said, read, link: () => readlink(join(folder, ".next/server/preview-props.json")) };
  }

  it("are in nothing that an image takes from the build", async () => {
    const { code, said, read, link } = await forget();
    assert.equal(code, 0, said);
    assert.equal(await link(), PREVIEW_PROPS);
    assert.deepEqual(JSON.parse(await read("prerender-manifest.json")), { version: 4 });
    assert.doesNotMatch(await read("server/server-reference-manifest.json"), /0123/);
    assert.doesNotMatch(await read("server/server-reference-manifest.js"), /0123/);
  });

  it("end the build where one is left", async () => {
    const { code, said } = await forget({ "server/middleware.js": `const id = "${key}1"` });
    assert.equal(code, 1);
    assert.match(said, /middleware\.js has a key of this build in it/);
  });

  it("are generated at every start, readable by the server only", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "todo-keys-")), "preview-props.json");
    makeKeys(file);
    const first = await readFile(file, "utf8");
    makeKeys(file);
    assert.notEqual(await readFile(file, "utf8"), first);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });
});
