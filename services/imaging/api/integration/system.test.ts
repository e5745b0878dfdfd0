import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ring } from "./picture.ts";

const EDGE = process.env["EDGE_URL"] ?? "";

interface Picture {
  id: string;
  status: string;
  analysis: { negative_space: number; regions: { enclosed: number } } | null;
}

/** Through the reverse proxy, as a browser comes. */
describe("the system as its users meet it", () => {
  const ask = (path: string, options: RequestInit = {}) =>
    fetch(`${EDGE}${path}`, { signal: AbortSignal.timeout(15_000), ...options });
  const upload = (bytes: Buffer, name = "tests") =>
    ask(`/api/pictures?name=${name}`, { method: "POST", body: new Uint8Array(bytes) });

  before(async () => {
    // The reverse proxy starts beside us.
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if ((await ask("/").catch(() => undefined))?.ok) {
        return;
      }
      await sleep(200);
    }
    assert.fail(`no response from ${EDGE}`);
  });

  it("serves the pages, also under deep links", async () => {
    const page = await ask("/");
    assert.match(await page.text(), /<title>Negative Space/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    assert.equal((await ask("/pictures/some-deep-link")).status, 200);
    assert.deepEqual(await (await ask("/config.json")).json(), { apiOrigin: "" });
  });

  it("takes a picture, analyzes it, gives all of it back, and forgets it", async () => {
    const bytes = ring(300);
    const answer = await upload(bytes, "ring.png");
    assert.equal(answer.status, 201, await answer.clone().text());
    const { id } = (await answer.json()) as Picture;
    let found: Picture | undefined;
    for (let attempt = 0; attempt < 60 && found?.status !== "done"; attempt += 1) {
      await sleep(500);
      found = (await (await ask(`/api/pictures/${id}`)).json()) as Picture;
    }
    assert.equal(found?.status, "done");
    assert.equal(found.analysis?.regions.enclosed, 1);
    const original = await ask(`/api/pictures/${id}/original`);
    assert.ok(Buffer.from(await original.arrayBuffer()).equals(bytes));
    assert.equal((await ask(`/api/pictures/${id}/overlay`)).headers.get("content-type"), "image/png");
    assert.equal((await ask(`/api/pictures/${id}`, { method: "DELETE" })).status, 204);
    assert.equal((await ask(`/api/pictures/${id}`)).status, 404);
  });

  it("explains mistakes, and says how large a picture may be", async () => {
    const none = await upload(Buffer.from("GIF89a and so on"));
    assert.equal(none.status, 415);
    assert.match(none.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const large = await upload(Buffer.alloc(20 * 2 ** 20 + 1));
    assert.equal(large.status, 413);
    assert.equal((await ask("/api/pictures?limit=1000")).status, 400);
  });

  it("does not expose its metrics", async () => {
    assert.doesNotMatch(await (await ask("/metrics")).text(), /# TYPE/);
  });

  it("limits the rate of a client", async () => {
    const answers = await Promise.all(Array.from({ length: 80 }, () => ask("/api/pictures?limit=1")));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0 && refused.length < 80, `${refused.length} of 80 refused`);
    assert.equal(refused[0]?.headers.get("content-type"), "application/problem+json");
  });
});
