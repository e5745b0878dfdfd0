import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { createAnalyzer } from "../src/analyzer.ts";
import { createCache } from "../src/cache.ts";
import { createLog } from "../src/logs.ts";
import { createMetrics } from "../src/metrics.ts";
import { loadSettings } from "../src/settings.ts";
import { createPool, PostgresStore } from "../src/store.ts";
import { ring } from "./picture.ts";

/** What the unit tests' memory cannot show. The dispatchers of the system work on the same queue meanwhile. */
describe("pictures in PostgreSQL and Redis", () => {
  const settings = loadSettings();
  const log = createLog("error");
  const metrics = createMetrics("tests");
  const store = new PostgresStore(createPool(settings, log, metrics));
  const cache = createCache({ url: settings.REDIS_URL ?? "", ca: settings.REDIS_CA, timeout: 2_000, ttl: 60 }, log, metrics);
  const analyzer = createAnalyzer(settings.ANALYZER_URL ?? "", settings.ANALYSIS_TIMEOUT);

  after(async () => Promise.all([store.close(), cache.close()]));

  const uploaded = async (bytes: Buffer, name = "tests") => {
    const id = randomUUID();
    await store.begin(id, name);
    const half = bytes.length >> 1;
    await store.append(id, 0, bytes.subarray(0, half));
    await store.append(id, 1, bytes.subarray(half));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return store.finish(id, { mediaType: "image/png", size: bytes.length, sha256 });
  };
  const over = async (id: string) => {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const found = await store.find(id);
      if (found?.status === "done" || found?.status === "failed") {
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail("no analysis within 30 seconds");
  };

  it("come back as they went in, piece by piece", async () => {
    const bytes = ring(64);
    const { id, name, status } = await uploaded(bytes, "Grüße '; drop table picture -- 🚢");
    assert.equal(name, "Grüße '; drop table picture -- 🚢");
    assert.equal(status, "queued");
    const pieces: Buffer[] = [];
    for await (const piece of store.content(id)) {
      pieces.push(piece);
    }
    assert.equal(pieces.length, 2);
    assert.ok(Buffer.concat(pieces).equals(bytes));
    assert.equal((await over(id)).status, "done");
  });

  it("that are known already have their analysis at once, and lose it with the last of them", async () => {
    const bytes = ring(96);
    const first = await over((await uploaded(bytes)).id);
    const second = await uploaded(bytes);
    assert.equal(second.status, "done");
    assert.deepEqual(await store.remove(first.id), { sha256: first.sha256, orphaned: false });
    assert.ok(await store.figures(first.sha256));
    assert.ok(await store.artefact(first.sha256, "overlay"));
    assert.deepEqual(await store.remove(second.id), { sha256: first.sha256, orphaned: true });
    assert.equal(await store.figures(first.sha256), undefined);
    assert.equal(await store.remove(second.id), undefined);
  });

  it("that are invalid fail with a reason and do not block the queue", async () => {
    const failed = await over((await uploaded(Buffer.concat([ring(32).subarray(0, 60), randomBytes(200)]))).id);
    assert.equal(failed.status, "failed");
    assert.ok(failed.problem, "it says why");
  });

  it("are claimed by one only, of many that ask", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, (_, number) => uploaded(ring(40 + number))));
    const claims = await Promise.all(Array.from({ length: 12 }, () => store.claim(randomUUID(), 5_000)));
    const ours = claims.filter((claim) => claim !== undefined);
    assert.equal(new Set(ours.map(({ id }) => id)).size, ours.length);
    await Promise.all(ours.map((claim) => store.release(claim, 0, false)));
    for (const { id } of made) {
      assert.equal((await over(id)).status, "done");
    }
  });

  it("are listed from the newest on, each once", async () => {
    const made: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      made.unshift((await uploaded(ring(50 + number))).id);
    }
    const seen: string[] = [];
    let before: string | undefined;
    while (seen.length < 5) {
      const page = await store.list(2, before);
      assert.ok(page.length > 0);
      seen.push(...page.map(({ id }) => id));
      before = page.at(-1)?.id;
    }
    assert.deepEqual(seen.slice(0, 5), made);
  });

  it("have the figures that geometry says", async () => {
    const size = 200;
    const { figures, overlay, thumbnail } = await analyzer.analyze(ring(size), AbortSignal.timeout(30_000));
    const [outer, inner] = [size * 0.3, size * 0.15];
    assert.ok(Math.abs(figures.negative_space - (1 - (Math.PI * (outer ** 2 - inner ** 2)) / size ** 2)) < 0.02);
    assert.equal(figures.regions.enclosed, 1);
    assert.ok(overlay.length > 0 && thumbnail.length > 0);
  });

  it("are cached byte by byte until they are deleted", async () => {
    const key = `tests:${randomUUID()}`;
    const value = randomBytes(2_000);
    let loads = 0;
    const through = () =>
      cache.through("tests", key, async () => {
        loads += 1;
        return value;
      });
    await until(async () => (await cache.check()) === "ok");
    assert.deepEqual(await through(), { value, hit: false });
    assert.deepEqual(await through(), { value, hit: true });
    await cache.remove([key]);
    assert.deepEqual(await through(), { value, hit: false });
    assert.equal(loads, 2);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await condition()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("not so within ten seconds");
}
