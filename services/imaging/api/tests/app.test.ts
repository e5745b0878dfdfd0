import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createApp } from "../src/app.ts";
import { createLog } from "../src/logs.ts";
import { createMetrics } from "../src/metrics.ts";
import { ANALYSIS, MemoryCache, MemoryStore, png } from "./memory.ts";

const LIMIT = 1_500_000;

describe("the API", () => {
  let store: MemoryStore;
  let cache: MemoryCache;
  let server: Server;
  let address: string;
  let woken: number;
  let ending: boolean;
  let reported: unknown[];

  beforeEach(async () => {
    store = new MemoryStore();
    cache = new MemoryCache();
    woken = 0;
    ending = false;
    reported = [];
    const log = createLog("info");
    log.level = "silent";
    const app = createApp({
      store,
      cache,
      log,
      metrics: createMetrics("test"),
      reporter: { report: (error) => void reported.push(error), close: async () => undefined },
      limit: LIMIT,
      wake: () => void (woken += 1),
      ending: () => ending,
    });
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const upload = (body: string | Uint8Array<ArrayBuffer>, name = "a.png") =>
    fetch(`${address}/api/pictures?name=${encodeURIComponent(name)}`, { method: "POST", body });
  const bytes = (buffer: Buffer) => new Uint8Array(buffer);
  const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

  it("keeps a picture in pieces, queues it, and gives its bytes back as they came", async () => {
    const picture = png(1_300_000);
    const answer = await upload(bytes(picture), "C:\\photos\\harbour\u0000.png");
    assert.equal(answer.status, 201);
    const body = await json(answer);
    assert.equal(body["name"], "harbour.png");
    assert.equal(body["media_type"], "image/png");
    assert.equal(body["status"], "queued");
    assert.equal(answer.headers.get("location"), `/api/pictures/${String(body["id"])}`);
    assert.equal(woken, 1);
    assert.deepEqual(
      [...store.pictures.values()][0]?.chunks.map((chunk) => chunk.length),
      [524_288, 524_288, 251_424],
    );
    const original = await fetch(`${address}/api/pictures/${String(body["id"])}/original`);
    assert.equal(original.headers.get("content-type"), "image/png");
    assert.match(original.headers.get("cache-control") ?? "", /immutable/);
    assert.ok(picture.equals(Buffer.from(await original.arrayBuffer())));
    const etag = original.headers.get("etag") ?? "";
    const again = await fetch(original.url, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
  });

  it("tells pictures by their bytes, whatever their name says, and keeps nothing of others", async () => {
    for (const [name, body, status] of [
      ["page.png", "<!doctype html>", 415],
      ["a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", 415],
      ["empty.png", "", 400],
      ["large.png", bytes(png(LIMIT + 1)), 413],
    ] as const) {
      const answer = await upload(body, name);
      assert.equal(answer.status, status, name);
      assert.equal(answer.headers.get("content-type"), "application/problem+json; charset=utf-8");
    }
    assert.equal(store.pictures.size, 0);
  });

  it("stops at the limit without a Content-Length", async () => {
    const parts = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes(png(LIMIT)));
        controller.enqueue(bytes(png(100)));
        controller.close();
      },
    });
    const answer = await fetch(`${address}/api/pictures`, { method: "POST", body: parts, duplex: "half" });
    assert.equal(answer.status, 413);
    assert.equal(store.pictures.size, 0);
  });

  it("answers a picture that was analyzed before at once, and its second reader from the cache", async () => {
    const { id } = (await json(await upload(bytes(png())))) as { id: string };
    const before = await json(await fetch(`${address}/api/pictures/${id}`));
    assert.equal(before["analysis"], null);
    const claim = (await store.claim("lease")) ?? assert.fail("no claim");
    assert.equal((await json(await fetch(`${address}/api/pictures/${id}`)))["status"], "analyzing");
    assert.equal((await fetch(`${address}/api/pictures/${id}/overlay`)).status, 409);
    await store.complete(claim, ANALYSIS);

    const first = await fetch(`${address}/api/pictures/${id}`);
    assert.equal(first.headers.get("x-cache"), "miss");
    assert.deepEqual((await json(first))["analysis"], ANALYSIS.figures);
    const second = await upload(bytes(png()), "again.png");
    assert.equal(second.headers.get("x-cache"), "hit");
    assert.equal((await json(second))["status"], "done");
    assert.equal(woken, 1);
    const overlay = await fetch(`${address}/api/pictures/${id}/overlay`);
    assert.equal(await overlay.text(), "overlay");
    assert.equal(overlay.headers.get("content-type"), "image/png");
    const list = (await json(await fetch(`${address}/api/pictures?limit=1`))) as {
      items: { name: string; negative_space: number }[];
      next: string;
    };
    assert.deepEqual(
      list.items.map(({ name, negative_space }) => [name, negative_space]),
      [["again.png", 0.75]],
    );
    const rest = (await json(await fetch(`${address}/api/pictures?limit=1&before=${list.next}`))) as typeof list;
    assert.deepEqual(
      rest.items.map(({ name }) => name),
      ["a.png"],
    );
  });

  it("removes a picture, and what was cached of it", async () => {
    const { id } = (await json(await upload(bytes(png())))) as { id: string };
    await store.complete((await store.claim("lease")) ?? assert.fail("no claim"), ANALYSIS);
    await fetch(`${address}/api/pictures/${id}`);
    assert.equal(cache.values.size, 1);
    assert.equal((await fetch(`${address}/api/pictures/${id}`, { method: "DELETE" })).status, 204);
    assert.equal((await fetch(`${address}/api/pictures/${id}`)).status, 404);
    assert.equal((await fetch(`${address}/api/pictures/${id}`, { method: "DELETE" })).status, 404);
    assert.equal(cache.values.size, 0);
  });

  it("names what is wrong with a request, with the id of its log line", async () => {
    const answer = await fetch(`${address}/api/pictures?limit=0&before=x`, {
      headers: { "x-request-id": "abc-123" },
    });
    assert.equal(answer.status, 400);
    const problem = await json(answer);
    assert.deepEqual(
      (problem["errors"] as { path: string }[]).map(({ path }) => path),
      ["limit", "before"],
    );
    assert.equal(problem["request_id"], "abc-123");
    for (const path of ["/api/pictures/1", "/api/nothing", "/", "/api/pictures/%ff"]) {
      const other = await fetch(address + path);
      assert.ok([400, 404].includes(other.status), path);
      assert.match(other.headers.get("content-type") ?? "", /^application\/problem\+json/, path);
    }
  });

  it("is alive without a database, and ready without a cache, and says so", async () => {
    cache.state = "gone";
    assert.equal((await fetch(`${address}/readyz`)).status, 200);
    store.unavailable = Object.assign(new Error("no database"), { code: "ECONNREFUSED" });
    assert.equal((await fetch(`${address}/livez`)).status, 200);
    const ready = await fetch(`${address}/readyz`);
    assert.equal(ready.status, 503);
    assert.deepEqual((await json(ready))["checks"], {
      database: "Error: no database (ECONNREFUSED)",
      cache: "gone",
    });
    const answer = await upload(bytes(png()));
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get("retry-after"), "2");
    assert.equal((await json(answer))["type"], "urn:imaging:problem:database-unavailable");
    assert.deepEqual(reported, []);
  });

  it("is not ready while it ends", async () => {
    ending = true;
    assert.equal((await fetch(`${address}/readyz`)).status, 503);
    assert.equal((await fetch(`${address}/livez`)).status, 200);
  });

  it("reports unexpected errors and hides details from the client", async () => {
    store.unavailable = new Error("secret details");
    const answer = await fetch(`${address}/api/pictures/00000000-0000-4000-8000-000000000000`);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /secret details/);
    assert.deepEqual(reported, [store.unavailable]);
  });

  it("counts requests by the route's template", async () => {
    await fetch(`${address}/api/pictures/00000000-0000-4000-8000-000000000000`);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    assert.match(metrics, /http_requests_total\{method="GET",route="\/api\/pictures\/:id",status="404"\} 1/);
  });
});
