import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { AnalyzerUnavailable, createAnalyzer, PictureRefused, type Analyzer } from "../src/analyzer.ts";
import { Dispatcher } from "../src/dispatcher.ts";
import { createLog } from "../src/logs.ts";
import { createMetrics } from "../src/metrics.ts";
import { ANALYSIS, MemoryStore, png } from "./memory.ts";

const log = createLog("info");
log.level = "silent";

async function queue(analyze: Analyzer["analyze"], poll = 1) {
  const store = new MemoryStore();
  await store.begin("p", "a.png");
  await store.append("p", 0, png(10));
  await store.append("p", 1, png(20));
  await store.finish("p", { mediaType: "image/png", size: 30, sha256: "ab" });
  const reported: unknown[] = [];
  const reporter = { report: (error: unknown) => void reported.push(error), close: async () => undefined };
  const options = { concurrency: 1, poll, timeout: 1_000 };
  const dispatcher = new Dispatcher(store, { analyze }, options, { log, metrics: createMetrics("t"), reporter });
  return { store, dispatcher, reported, picture: () => store.pictures.get("p") ?? assert.fail("gone") };
}

describe("the dispatcher", () => {
  it("takes a picture's bytes to the analyzer and keeps what it finds", async () => {
    let seen = 0;
    const { store, dispatcher, picture } = await queue(async (bytes) => {
      seen = bytes.length;
      return ANALYSIS;
    });
    assert.equal(await dispatcher.step(), true);
    assert.equal(seen, 30);
    assert.equal(picture().status, "done");
    assert.equal(store.analyses.get("ab"), ANALYSIS);
    assert.equal(await dispatcher.step(), false);
  });

  it("says what is wrong with a picture that was refused", async () => {
    const { dispatcher, picture, reported } = await queue(async () => {
      throw new PictureRefused("too many pixels");
    });
    assert.equal(await dispatcher.step(), true);
    assert.equal(picture().status, "failed");
    assert.equal(picture().problem, "too many pixels");
    assert.deepEqual(reported, []);
  });

  it("waits for an analyzer that is not there, for as long as it takes", async () => {
    let down = 5;
    const { dispatcher, picture } = await queue(async () => {
      if (down-- > 0) {
        throw new AnalyzerUnavailable("not there");
      }
      return ANALYSIS;
    });
    for (let round = 0; round < 5; round += 1) {
      await dispatcher.step();
      assert.equal(picture().status, "queued");
      assert.equal(picture().attempts, 0);
      picture().retryAt = 0;
    }
    await dispatcher.step();
    assert.equal(picture().status, "done");
  });

  it("gives up on a picture over which the analyzer broke three times", async () => {
    const { dispatcher, picture, reported } = await queue(async () => {
      throw new Error("socket hang up");
    });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal(picture().status, "queued");
      await dispatcher.step();
      picture().retryAt = 0;
    }
    assert.equal(picture().status, "failed");
    assert.equal(picture().problem, "The analysis broke 3 times and was given up.");
    assert.equal(reported.length, 1);
  });

  it("hands back what is under way when the process ends, as if it had not been tried", async () => {
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const { dispatcher, picture } = await queue(async (_bytes, signal) => {
      begun();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      return ANALYSIS;
    });
    dispatcher.start();
    await started;
    await dispatcher.stop();
    assert.equal(picture().status, "queued");
    assert.equal(picture().lease, undefined);
    assert.equal(picture().attempts, 0);
  });

  it("looks at once when it is woken", async () => {
    const { store, dispatcher, picture } = await queue(async () => ANALYSIS, 60_000);
    await store.complete((await store.claim("x")) ?? assert.fail("no claim"), ANALYSIS);
    dispatcher.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    Object.assign(picture(), { status: "queued", lease: undefined });
    dispatcher.wake();
    while (picture().status !== "done") {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await dispatcher.stop();
  });
});

describe("the analyzer's client", () => {
  const asked = async (status: number, body: unknown) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await createAnalyzer(`http://127.0.0.1:${port}`, 5_000).analyze(png(), new AbortController().signal);
    } finally {
      server.close();
    }
  };
  const { figures } = ANALYSIS;

  it("reads figures and pictures", async () => {
    const found = await asked(200, {
      figures,
      overlay: ANALYSIS.overlay.toString("base64"),
      thumbnail: ANALYSIS.thumbnail.toString("base64"),
    });
    assert.deepEqual(found, ANALYSIS);
  });

  it("tells a bad picture, an analyzer that is busy or gone, and one that is broken", async () => {
    await assert.rejects(asked(422, { detail: "no picture" }), new PictureRefused("no picture"));
    await assert.rejects(asked(503, { detail: "busy" }), AnalyzerUnavailable);
    await assert.rejects(asked(404, {}), AnalyzerUnavailable);
    await assert.rejects(asked(500, {}), /answered 500/);
    await assert.rejects(asked(200, { figures: { ...figures, negative_space: 2 }, overlay: "", thumbnail: "" }));
    const gone = createAnalyzer("http://127.0.0.1:54999", 1_000);
    await assert.rejects(gone.analyze(png(), new AbortController().signal), AnalyzerUnavailable);
  });
});
