import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createServer, type Server } from "node:tls";
import { createCache, type Cache } from "../src/cache.ts";
import { createLog } from "../src/logs.ts";
import { createMetrics } from "../src/metrics.ts";
import { loadSettings } from "../src/settings.ts";

const log = createLog("info");
log.level = "silent";

const hasOpenssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].some(existsSync);

describe("a cache with TLS", { skip: !hasOpenssl && "no openssl here" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "imaging-tls-"));
  let authority: string;
  let other: string;
  let server: Server;

  /** Signs itself, so it is its own authority. */
  const certificate = (name: string): { cert: string; key: string } => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
    execFileSync("openssl", ["req", ...kind, ...names, "-out", cert, "-keyout", key], { stdio: "ignore" });
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  };

  before(async () => {
    const own = certificate("own");
    authority = own.cert;
    other = certificate("other").cert;
    // As much of Redis as a greeting and a PING take.
    server = createServer(own, (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (data: Buffer) => {
        for (const word of data.toString().match(/HELLO|PING|CLIENT/g) ?? []) {
          socket.write(word === "HELLO" ? "*0\r\n" : word === "PING" ? "+PONG\r\n" : "+OK\r\n");
        }
      });
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const cacheWith = (ca: string | undefined): Cache => {
    const { port } = server.address() as AddressInfo;
    return createCache(
      { url: `rediss://:hunter2@localhost:${port}/0`, ca, timeout: 500, ttl: 1 },
      log,
      createMetrics("test"),
    );
  };
  const answerOf = async (cache: Cache, expected: RegExp): Promise<string> => {
    for (let tries = 0; tries < 50; tries += 1) {
      const answer = await cache.check();
      if (expected.test(answer)) {
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return cache.check();
  };

  it("answers where the authority is the one that was given", async () => {
    const cache = cacheWith(authority);
    assert.equal(await answerOf(cache, /^ok$/), "ok");
    await cache.close();
  });

  it("does not speak with anyone else", async () => {
    for (const ca of [undefined, other]) {
      const cache = cacheWith(ca);
      assert.match(await answerOf(cache, /certificate|signed/i), /certificate|signed/i);
      await cache.close();
    }
  });

  it("takes the authority's certificate from a file, and only where the connection has TLS", () => {
    const files = { DATABASE_URL: "postgresql://u:p@db/imaging", REDIS_CA_FILE: join(folder, "own.pem") };
    assert.equal(loadSettings({ ...files, REDIS_URL: "rediss://cache:6378" }).REDIS_CA, authority.trimEnd());
    assert.throws(
      () => loadSettings({ ...files, REDIS_URL: "redis://:hunter2@cache:6379" }),
      (error: Error) => /REDIS_URL does not start with rediss/.test(error.message) && !/hunter2/.test(error.message),
    );
    assert.throws(
      () => loadSettings({ ...files, REDIS_CA_FILE: "", REDIS_CA: "none", REDIS_URL: "rediss://cache" }),
      /REDIS_CA: expected certificates in the form of PEM/,
    );
  });
});
