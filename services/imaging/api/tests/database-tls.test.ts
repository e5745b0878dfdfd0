import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import pg from "pg";
import { loadSettings } from "../src/settings.ts";

const hasOpenssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].some(existsSync);

describe("a database with TLS", { skip: !hasOpenssl && "no openssl here" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "imaging-database-"));
  const file = (name: string) => join(folder, name);
  const openssl = (...options: string[]) => execFileSync("openssl", options, { stdio: "ignore" });
  const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  let server: Server;
  let port: number;

  before(async () => {
    for (const name of ["own", "other"]) {
      openssl("req", "-x509", ...KEY, "-subj", `/CN=${name}`, "-out", file(`${name}.pem`), "-keyout", file(`${name}.key`));
    }
    // Like an instance of Cloud SQL: signed by its own CA, and named after project and instance instead of a host.
    const signed = ["-CA", file("own.pem"), "-CAkey", file("own.key"), "-subj", "/CN=acme-prod:imaging-db"];
    openssl("req", "-x509", ...KEY, ...signed, "-out", file("server.pem"), "-keyout", file("server.key"));
    const identity = { cert: readFileSync(file("server.pem")), key: readFileSync(file("server.key")) };
    // As much of PostgreSQL's protocol as a connection takes.
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write("S");
        const encrypted = new TLSSocket(socket, { isServer: true, ...identity });
        encrypted.on("error", () => undefined);
        encrypted.once("data", () => {
          const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
          const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
          encrypted.write(Buffer.concat([authenticated, ready]));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const connect = async (query: string): Promise<void> => {
    const { DATABASE_URL } = loadSettings({ DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${port}/d?${query}` });
    const client = new pg.Client({ connectionString: DATABASE_URL });
    client.on("error", () => undefined);
    try {
      await client.connect();
    } finally {
      await client.end();
    }
  };

  it("connects to the server that the given CA signed, whose certificate names no host", () =>
    connect(`sslmode=verify-ca&sslrootcert=${file("own.pem")}`));

  it("refuses a server that another CA signed", () =>
    assert.rejects(connect(`sslmode=verify-ca&sslrootcert=${file("other.pem")}`), /certificate|signature/i));

  it("refuses to verify without a CA", () => assert.rejects(connect("sslmode=verify-ca"), /requires specifying a CA/));

  it("refuses a certificate without the host's name in mode verify-full", () =>
    assert.rejects(connect(`sslmode=verify-full&sslrootcert=${file("own.pem")}`), /does not match/));

  it("leaves a URL without TLS as it is", () => {
    const url = "postgresql://u:p%40ss@db:5432/imaging";
    assert.equal(loadSettings({ DATABASE_URL: url }).DATABASE_URL, url);
  });
});
