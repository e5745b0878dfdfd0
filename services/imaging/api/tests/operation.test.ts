import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createCache } from "../src/cache.ts";
import { createLog } from "../src/logs.ts";
import { createMetrics } from "../src/metrics.ts";
import { createReporter } from "../src/reporter.ts";
import { seed } from "../src/seed.ts";
import { loadSettings } from "../src/settings.ts";
import { sniff } from "../src/sniff.ts";
import { MemoryStore } from "./memory.ts";

const log = createLog("info");
log.level = "silent";

const REQUIRED = { DATABASE_URL: "postgresql://u:p@db/imaging" };

describe("settings", () => {
  it("have defaults for all but where the database is", () => {
    const settings = loadSettings(REQUIRED);
    assert.equal(settings.DATABASE_POOL_MIN, 2);
    assert.equal(settings.DATABASE_POOL_MAX, 20);
    assert.equal(settings.UPLOAD_LIMIT, 20 * 2 ** 20);
    assert.equal(settings.SENTRY_DSN, undefined);
  });

  it("read secrets from files", () => {
    const folder = mkdtempSync(join(tmpdir(), "imaging-"));
    try {
      const file = join(folder, "url");
      writeFileSync(file, "postgresql://a@b/c\n");
      assert.equal(loadSettings({ DATABASE_URL_FILE: file }).DATABASE_URL, "postgresql://a@b/c");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("name every problem at once, and no secret", () => {
    assert.throws(
      () =>
        loadSettings({
          DATABASE_URL: "mysql://u:hunter2@db/x",
          REDIS_URL_FILE: "/nowhere",
          PORT: "0",
          LOG_LEVEL: "loud",
          UPLOAD_LIMIT: "20Mi",
        }),
      {
        message: [
          "settings: 5 problems",
          '  REDIS_URL_FILE: cannot read "/nowhere": ENOENT',
          "  DATABASE_URL: expected a URL that starts with postgresql:// or postgres://",
          '  UPLOAD_LIMIT: expected a whole number from 1 to 1073741824, got "20Mi"',
          '  LOG_LEVEL: expected one of debug, info, warning, error, got "loud"',
          '  PORT: expected a whole number from 1 to 65535, got "0"',
        ].join("\n"),
      },
    );
    assert.throws(() => loadSettings({}), /DATABASE_URL: not set; let DATABASE_URL_FILE name the file/);
    assert.throws(
      () => loadSettings({ ...REQUIRED, DATABASE_POOL_MIN: "5", DATABASE_POOL_MAX: "4" }),
      /DATABASE_POOL_MIN: expected at most DATABASE_POOL_MAX \(4\), got 5/,
    );
  });
});

describe("pictures by their first bytes", () => {
  it("are PNG, JPEG and WebP, and nothing else", () => {
    const text = (value: string) => Buffer.from(value, "latin1");
    assert.equal(sniff(text("\x89PNG\r\n\x1a\nrest")), "image/png");
    assert.equal(sniff(text("\xff\xd8\xff\xe0")), "image/jpeg");
    assert.equal(sniff(text("RIFF1234WEBPVP8L")), "image/webp");
    for (const other of ["", "GIF89a", "RIFF1234WAVEfmt ", "<svg>", "\x89PNG", "%PDF-1.7", "\xff\xd8"]) {
      assert.equal(sniff(text(other)), undefined, other);
    }
  });
});

describe("samples", () => {
  it("are pictures that the service takes, added once", async () => {
    const store = new MemoryStore();
    assert.deepEqual(await seed(store), { added: 3, present: 0 });
    assert.deepEqual(await seed(store), { added: 0, present: 3 });
    for (const { chunks, sha256, size, status } of store.pictures.values()) {
      const picture = Buffer.concat(chunks);
      assert.equal(sniff(picture), "image/png");
      assert.equal(picture.length, size);
      assert.equal(createHash("sha256").update(picture).digest("hex"), sha256);
      assert.equal(status, "queued");
    }
  });
});

describe("reports of errors", () => {
  /** A stand-in for the address that Sentry takes reports at. */
  async function ingest() {
    const received: { path: string; body: string }[] = [];
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    const server = createServer((request: IncomingMessage, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        received.push({ path: request.url ?? "", body: Buffer.concat(parts).toString() });
        response.end("{}");
        arrived();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, received, first, port: (server.address() as AddressInfo).port };
  }

  it("go where the DSN says, with the error and no more than that", async () => {
    const { server, received, first, port } = await ingest();
    try {
      const dsn = `http://abc@127.0.0.1:${port}/42`;
      const reporter = await createReporter({ dsn, environment: "test", release: "1.2.3" }, log);
      reporter.report(new TypeError("the crane is stuck"), { request_id: "r-1" });
      await Promise.all([first, reporter.close()]);
      assert.equal(received[0]?.path.split("?")[0], "/api/42/envelope/");
      const body = received[0]?.body ?? "";
      assert.match(body, /"type":"TypeError","value":"the crane is stuck"/);
      assert.match(body, /"environment":"test"/);
      assert.match(body, /"release":"1\.2\.3"/);
      assert.match(body, /"request_id":"r-1"/);
      assert.doesNotMatch(body, /"user"|"headers"|"cookies"/);
    } finally {
      server.close();
    }
  });

  it("go nowhere without a DSN", async () => {
    const { server, received } = await ingest();
    const reporter = await createReporter({ environment: "test", release: "1" }, log);
    reporter.report(new Error("unseen"));
    await reporter.close();
    server.close();
    assert.deepEqual(received, []);
  });
});

describe("a cache that is not there", () => {
  it("costs nothing but the look into the database", async () => {
    const metrics = createMetrics("test");
    const options = { url: "redis://:secret@127.0.0.1:1", timeout: 100, ttl: 1 };
    const cache = createCache(options, log, metrics);
    const found = await cache.through("figures", "k", async () => Buffer.from("from the database"));
    assert.deepEqual([found?.value.toString(), found?.hit], ["from the database", false]);
    await cache.remove(["k"]);
    assert.match(await cache.check(), /ECONNREFUSED|not connected/);
    assert.doesNotMatch(await cache.check(), /secret/);
    assert.match(await metrics.registry.metrics(), /imaging_cache_requests_total\{kind="figures",outcome="error"\} 1/);
    await cache.close();
  });
});

describe("the process", () => {
  const start = (environment: Record<string, string>) => {
    const child = spawn(process.execPath, ["src/main.ts"], {
      env: { PATH: process.env["PATH"], ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (part: Buffer) => (output += part.toString()));
    child.stderr.on("data", (part: Buffer) => (output += part.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    return { child, ended, output: () => output };
  };
  const urls = {
    DATABASE_URL: "postgresql://u:hunter2@127.0.0.1:1/imaging",
    REDIS_URL: "redis://:hunter2@127.0.0.1:1",
    ANALYZER_URL: "http://127.0.0.1:1",
    HOST: "127.0.0.1",
  };

  it("reports invalid settings and exits with code 1", async () => {
    const { ended, output } = start({ PORT: "abc" });
    assert.equal(await ended, 1);
    assert.match(output(), /^settings: 2 problems\n/);
  });

  it("stays alive without its datastores and exits with code 0 on SIGTERM", async () => {
    const port = 20_000 + (process.pid % 20_000);
    const { child, ended, output } = start({ ...urls, PORT: String(port) });
    while (!output().includes('"message":"listening"')) {
      assert.equal(child.exitCode, null, output());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
    child.kill("SIGTERM");
    assert.equal(await ended, 0, output());
    assert.doesNotMatch(output(), /hunter2/);
    for (const line of output().trim().split("\n")) {
      assert.equal(typeof (JSON.parse(line) as { message: unknown }).message, "string");
    }
  });
});
