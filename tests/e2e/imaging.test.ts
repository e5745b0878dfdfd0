import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Browser, Page } from "playwright-core";
import { unpackedSize } from "../support/unpacked-size";
import { run } from "../../tools/process";
import { Checkout } from "../support/checkout";
import {
  docker,
  eventually,
  keepsToItself,
  launchBrowser,
  leavesNothing,
  MEGABYTE,
  reports,
  staysAsItIs,
  type Status,
  killContainer,
  allHealthy,
} from "../support/end-to-end";
import { png, RING, ring, RING_SPACE } from "../support/picture";

const PORT = 18100;
const ADDRESS = `http://127.0.0.1:${PORT}`;
/** Maximum size of the images, in MB unpacked. */
const LIMITS: Readonly<Record<string, number>> = { api: 250, analyzer: 400, frontend: 100 };

/** Expression for the browser. */
const PICTURES_LOADED = "[...document.images].every((image) => image.naturalWidth > 0)";

interface Picture {
  id: string;
  name: string;
  status: string;
  problem: string | null;
  analysis: {
    width: number;
    height: number;
    negative_space: number;
    largest_rectangle: { x: number; y: number; width: number; height: number };
    largest_circle: { x: number; y: number; radius: number };
    regions: { count: number; enclosed: number };
  } | null;
}

const upload = (bytes: Buffer, name: string) =>
  fetch(`${ADDRESS}/api/pictures?name=${name}`, { method: "POST", body: new Uint8Array(bytes) });
const picture = async (id: string) =>
  (await (await fetch(`${ADDRESS}/api/pictures/${id}`)).json()) as Picture;
const uploaded = async (bytes: Buffer, name: string) => {
  const answer = await upload(bytes, name);
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()) as Picture;
};
const near = (value: number | undefined, expected: number, tolerance: number, what: string) => {
  assert.ok(Math.abs((value ?? NaN) - expected) <= tolerance, `${what}: ${value}, expected ${expected}`);
};

describe("Negative Space Imaging, from a fresh checkout to a picture's figures", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let browser: Browser;
  let page: Page;
  let project: string;
  let first: string;

  before(async () => {
    checkout = new Checkout();
    checkout.presetLocal(
      `config:\n  longshore:systems: [imaging]\n  longshore:ports:\n    imaging: ${PORT}\n`,
    );
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    // Enables the events of file choosers. If enabled only at the key press, the first event can be missed.
    page.on("filechooser", () => undefined);
  });

  after(async () => {
    await browser.close();
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  const services = async () => (await checkout.json<Status>("status")).services;
  const containerOf = async (service: string) =>
    (await services()).find((one) => one.service === service && one.state === "running")?.id ??
    assert.fail(`no ${service}`);
  /** Kills the first process of a service's container, and measures the time until `back` holds. */
  const killed = async (service: string, back: () => Promise<boolean>) => {
    const container = await containerOf(service);
    const restarts = async () => Number(await docker("inspect", "-f", "{{.RestartCount}}", container));
    const before = await restarts();
    await killContainer(container);
    const started = performance.now();
    await eventually(`${service} is started again`, restarts, { until: (count) => count > before });
    await eventually(`${service} is back`, back);
    console.log(`      ${service} back after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  const healthy = (service: string) => async () => {
    const states = (await services()).filter((one) => one.service === service).map(({ health }) => health);
    assert.ok(states.includes("healthy"), `${service}: ${states.join()}`);
    return true;
  };
  const metrics = async () =>
    docker(
      "exec",
      await containerOf("api"),
      "node",
      "-e",
      "fetch('http://127.0.0.1:3000/metrics').then((r) => r.text()).then(console.log)",
    );
  const metric = async (line: string) =>
    Number(
      (await metrics())
        .split("\n")
        .find((one) => one.startsWith(`${line} `))
        ?.split(" ")
        .at(-1) ?? 0,
    );
  const done = (id: string) => async () => {
    const { status, problem } = await picture(id);
    assert.equal(status, "done", problem ?? "");
    return true;
  };

  it("comes up with one command: an API, an analyzer, pages, a database, a cache", async () => {
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=imaging");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`open ${ADDRESS}`));
    assert.equal(checkout.git("status", "--porcelain"), "");
    const running = (await services()).filter(({ state }) => state === "running");
    assert.deepEqual(
      running.filter(({ health }) => health !== "healthy"),
      [],
    );
    assert.deepEqual(running.map(({ service }) => service).sort(), [
      "analyzer",
      "api",
      "cache",
      "db",
      "edge",
      "frontend",
    ]);
    const label = '{{index .Config.Labels "com.docker.compose.project"}}';
    project = await docker("inspect", "-f", label, await containerOf("db"));
  });

  it("measures a picture that a person chooses with the keyboard, and lays what it found over it", async () => {
    await page.goto(ADDRESS);
    await page.getByText("None yet.").waitFor();
    const choose = page.getByRole("button", { name: "Choose a picture" });
    await choose.focus();
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
    await chooser.setFiles({ name: "ring.png", mimeType: "image/png", buffer: ring() });
    await page.getByRole("heading", { name: "ring.png" }).waitFor();
    const space = Math.floor(RING_SPACE * 100);
    await page.getByText(new RegExp(`^${space}\\.\\d %$`)).waitFor();
    await page.getByText("2, 1 of them enclosed by the subject").waitFor();
    const overlay = page.getByAltText(/^Overlay: /);
    await overlay.waitFor();
    await eventually("the pictures are there", async () => page.evaluate<boolean>(PICTURES_LOADED));
    await page.screenshot({ path: join(reports, "imaging-overlay.png"), fullPage: true });
    await page.getByLabel("Show the negative space").uncheck();
    await overlay.waitFor({ state: "detached" });
    first = new URL(page.url()).pathname.split("/").at(-1) ?? "";

    const { analysis } = await picture(first);
    near(analysis?.negative_space, RING_SPACE, 0.01, "share");
    assert.deepEqual([analysis?.width, analysis?.height], [RING.width, RING.height]);
    // The whole area left of the ring is free.
    near(analysis?.largest_rectangle.width, RING.x - RING.outer, 6, "width of the rectangle");
    assert.equal(analysis?.largest_rectangle.height, RING.height);
    assert.equal(analysis.largest_rectangle.x, 0);
    near(analysis.largest_circle.radius, 400, 100, "radius of the circle");
    assert.deepEqual([analysis.regions.count, analysis.regions.enclosed], [2, 1]);
  });

  it("takes a dropped picture, shows all in its history, and opens each at an address of its own", async () => {
    await page.goto(ADDRESS);
    const content = png(300, 200, (x) => (x < 100 ? 30 : 240)).toString("base64");
    const transfer = await page.evaluateHandle(`(() => {
      const bytes = Uint8Array.from(atob("${content}"), (one) => one.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "bar.png", { type: "image/png" }));
      return data;
    })()`);
    await page.getByText("Drop a picture here").dispatchEvent("drop", { dataTransfer: transfer });
    await page.getByText(/^66(\.\d)? %$/).waitFor();
    await page.getByRole("link", { name: "All pictures" }).click();
    const cards = page.getByRole("listitem");
    await page.getByText(/^66(\.\d)? % space/).waitFor();
    assert.equal(await cards.count(), 2);
    await eventually("the pictures are there", async () => page.evaluate<boolean>(PICTURES_LOADED));
    await page.screenshot({ path: join(reports, "imaging-history.png"), fullPage: true });

    await page.goto(`${ADDRESS}/pictures/${first}`);
    await page.getByRole("heading", { name: "ring.png" }).waitFor();
    await page.goto(`${ADDRESS}/pictures/00000000-0000-4000-8000-000000000000`);
    await page.getByRole("heading", { name: "No such picture" }).waitFor();
  });

  it("knows a picture again: its figures come from the cache, and the analyzer is not asked", async () => {
    const analyses = await metric('imaging_analyses_total{outcome="done"}');
    const hits = await metric('imaging_cache_requests_total{kind="figures",outcome="hit"}');
    const answer = await upload(ring(), "again.png");
    const again = (await answer.json()) as Picture;
    assert.equal(again.status, "done");
    assert.equal(answer.headers.get("x-cache"), "hit");
    assert.equal(await metric('imaging_analyses_total{outcome="done"}'), analyses);
    assert.equal(await metric('imaging_cache_requests_total{kind="figures",outcome="hit"}'), hits + 1);
    // Data that two pictures share is deleted with the last of them.
    assert.equal((await fetch(`${ADDRESS}/api/pictures/${again.id}`, { method: "DELETE" })).status, 204);
    assert.equal((await picture(first)).status, "done");
  });

  it("says what is wrong with a file, and refuses it early", async () => {
    for (const [bytes, status, detail] of [
      [Buffer.from("<!doctype html>"), 415, /Expected a PNG, JPEG or WebP picture/],
      [Buffer.alloc(0), 400, /got nothing/],
      [Buffer.alloc(20 * 2 ** 20 + 1), 413, /larger than the path takes/],
    ] as const) {
      const answer = await upload(bytes, "file.png");
      assert.equal(answer.status, status);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
      assert.match(((await answer.json()) as { detail: string }).detail, detail);
    }
    // A truncated picture, and one that is very large when unpacked.
    const torn = await uploaded(ring().subarray(0, 2_000), "torn.png");
    await eventually("torn.png has failed", async () => (await picture(torn.id)).status, {
      until: (seen) => seen === "failed",
    });
    assert.match((await picture(torn.id)).problem ?? "", /cannot be decoded/);
    const header = ring();
    header.writeUInt32BE(50_000, 16);
    header.writeUInt32BE(50_000, 20);
    header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
    const bomb = await uploaded(header, "bomb.png");
    await eventually("bomb.png has failed", async () => (await picture(bomb.id)).status, {
      until: (seen) => seen === "failed",
    });
    assert.match((await picture(bomb.id)).problem ?? "", /at most 25000000 pixels, got 50000 × 50000/);
  });

  it("limits how often one client may ask, and compresses and keeps what can be", async () => {
    const asked = await Promise.all(
      Array.from({ length: 80 }, () => fetch(`${ADDRESS}/api/pictures?limit=1`)),
    );
    const refused = asked.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 20 && refused.length < 60, `${refused.length} of 80 refused`);
    const one = refused[0] ?? assert.fail();
    assert.equal(one.headers.get("retry-after"), "1");
    assert.equal(one.headers.get("content-type"), "application/problem+json");
    assert.match(JSON.stringify(await one.json()), /"status":429/);
    const other = { headers: { "x-forwarded-for": "203.0.113.7" } };
    assert.equal((await fetch(`${ADDRESS}/api/pictures?limit=1`, other)).status, 200);

    const index = await fetch(`${ADDRESS}/pictures/${first}`);
    const html = await index.text();
    assert.equal(index.headers.get("cache-control"), "no-cache");
    const asset = /\/assets\/index-[\w-]+\.js/.exec(html)?.[0] ?? assert.fail(html);
    const script = await fetch(ADDRESS + asset);
    assert.equal(script.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(script.headers.get("content-encoding"), "gzip");
    assert.equal((await fetch(`${ADDRESS}/assets/none.js`)).status, 404);
    assert.doesNotMatch(await (await fetch(`${ADDRESS}/metrics`)).text(), /http_requests_total/);
    await eventually("the limit is over", async () => (await picture(first)).status, {
      until: (seen) => seen === "done",
    });
  });

  it("keeps the queue while the analyzer is gone, and goes on when it is back", async () => {
    const analyzer = await containerOf("analyzer");
    await docker("stop", "-t", "0", analyzer);
    const { id } = await uploaded(ring(230), "while-away.png");
    assert.notEqual((await picture(id)).status, "done");
    await docker("start", analyzer);
    await eventually("it is analyzed", done(id));
    await killed("analyzer", healthy("analyzer"));
  });

  it("loses no picture whose API is killed while it is analyzed", async () => {
    const analyzer = await containerOf("analyzer");
    await docker("pause", analyzer);
    const { id } = await uploaded(ring(225), "in-hand.png");
    await eventually("it is in hand", async () => (await picture(id)).status, {
      until: (seen) => seen === "analyzing",
    });
    await killed("api", healthy("api"));
    await docker("unpause", analyzer);
    await eventually("another process has taken it over", done(id));
  });

  it("serves on without its cache, which comes back with what it had", async () => {
    const hit = async () => (await fetch(`${ADDRESS}/api/pictures/${first}/overlay`)).headers.get("x-cache");
    await eventually("the overlay is cached", async () => await hit(), { until: (seen) => seen === "hit" });
    const cache = await containerOf("cache");
    await docker("stop", "-t", "0", cache);
    assert.equal((await picture(first)).status, "done");
    assert.equal(await hit(), "miss");
    await docker("start", cache);
    await eventually("the cache is asked again", async () => await hit(), {
      until: (seen) => seen === "hit",
    });
    await killed("cache", async () => (await hit()) === "hit");
  });

  it("loses nothing when the database is killed, and serves pages when those of before are", async () => {
    const sql = async (statement: string) =>
      docker("exec", await containerOf("db"), "psql", "-U", "postgres", "-d", "imaging", "-tAc", statement);
    const count =
      "select count(*), (select count(*) from chunk), (select count(*) from analysis) from picture";
    const before = await sql(count);
    await killed("db", done(first));
    assert.equal(await sql(count), before);
    const original = await fetch(`${ADDRESS}/api/pictures/${first}/original`);
    assert.ok(ring().equals(Buffer.from(await original.arrayBuffer())), "the picture as it was uploaded");
    await killed("frontend", async () => (await fetch(ADDRESS)).ok);
    await killed("edge", async () => (await fetch(ADDRESS)).ok);
    await allHealthy(checkout);
  });

  it("changes nothing when nothing has changed", async () => {
    await staysAsItIs(checkout);
  });

  it("keeps to itself and to its limits", async () => {
    for (const { service, id } of await services()) {
      await keepsToItself({ service, id });
    }
    const reach = await run("docker", [
      "exec",
      await containerOf("frontend"),
      "bash",
      "-c",
      "exec 3<>/dev/tcp/db/5432",
    ]);
    assert.notEqual(reach.code, 0, "the frontend must not reach the database");
    const config = await docker(
      "exec",
      await containerOf("cache"),
      "sh",
      "-c",
      'REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") redis-cli config get "[ma]*" 2>/dev/null',
    );
    assert.match(config, /\bmaxmemory\n268435456\b/);
    assert.match(config, /\bmaxmemory-policy\nallkeys-lru\b/);
    assert.match(config, /\bappendonly\nyes\b/);
    for (const [name, limit] of Object.entries(LIMITS)) {
      const image = (await services()).find(({ service }) => service === name)?.image ?? assert.fail(name);
      const size = await unpackedSize(image);
      console.log(`      ${name} ${(size / MEGABYTE).toFixed(0)} MB, unpacked`);
      assert.ok(size < limit * MEGABYTE, `${name}: ${size}`);
    }
    const ids = (await services()).filter(({ state }) => state === "running").map(({ id }) => id);
    console.log(await docker("stats", "--no-stream", "--format", "      {{.Name}} {{.MemUsage}}", ...ids));
  });

  it("leaves nothing when asked to", async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await leavesNothing(project);
  });
});
