import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { system } from "../../catalog/define";
import { planSystem, type Workload } from "../../catalog/plan";
import { resolve } from "../../catalog/plan/resolve";
import type { PlanValue } from "../../catalog/plan/types";
import { useDocker } from "../support/compose-stack";

const IMAGE = "postgres:17";
const PASSWORD = "an/odd+password";
const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();

/** A PostgreSQL with TLS and a CA of its own, like an instance of Cloud SQL, whose certificate names no host. */
describe("PostgreSQL with its own CA", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "cloud-sql-"));
  const file = (name: string) => join(folder, name);
  let server = "";
  let address = "";
  let url: PlanValue;
  let roles: Workload;

  const openssl = (...options: string[]) =>
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        ...options,
      ],
      { stdio: "ignore" },
    );
  const text = (value: PlanValue): string =>
    resolve(value, {
      secret: (name, encode) =>
        encode ? encodeURIComponent(PASSWORD) : name.endsWith("-ca") ? "" : PASSWORD,
      host: () => address,
      text: (parts) => parts.join(""),
    });
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };

  before(async () => {
    await useDocker([IMAGE]);
    const { workloads } = planSystem(
      system("sample", ({ postgres, upstream, service }) => {
        const db = postgres("db", { version: 17, database: "sample", storage: "10Gi" });
        service("web", {
          image: upstream("web", "python:3.13-slim", { runtime: "python" }),
          env: { DATABASE_URL: db.url },
          resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
        });
      }),
      { environment: "prod", target: "gcp" },
    );
    const find = (name: string) => workloads.find((one) => one.name === name) ?? assert.fail(name);
    roles = find("db-roles");
    url = find("web").secretFiles.find(({ variable }) => variable === "DATABASE_URL_FILE")?.value ?? "";

    mkdirSync(file("run"));
    for (const name of ["own", "other"]) {
      openssl("-subj", `/CN=${name}`, "-out", file(`run/${name}.pem`), "-keyout", file(`${name}.key`));
    }
    const signed = [
      "-CA",
      file("run/own.pem"),
      "-CAkey",
      file("own.key"),
      "-subj",
      "/CN=acme-prod:sample-db",
    ];
    openssl(...signed, "-out", file("run/server.pem"), "-keyout", file("run/server.key"));
    for (const { path, content } of roles.configFiles) {
      put(file(`config${path}`), content);
    }
    for (const { name } of roles.secretFiles.filter(({ variable }) => variable !== "PGSSLROOTCERT")) {
      put(file(`secrets/${name}`), PASSWORD);
    }
    execFileSync("cp", [file("run/own.pem"), file("secrets/db.ca")]);
    for (const path of ["", "run", "secrets", "config", "config/etc", "config/etc/longshore"]) {
      chmodSync(file(path), 0o755);
    }
    const start =
      "install -o postgres -m 600 /tls/server.key /tmp/server.key; exec docker-entrypoint.sh postgres -c ssl=on " +
      "-c ssl_cert_file=/tls/server.pem -c ssl_key_file=/tmp/server.key";
    const mounts = { run: "/tls", secrets: "/run/secrets", "config/etc/longshore": "/etc/longshore" };
    server = docker(
      "run",
      "--detach",
      ...Object.entries(mounts).flatMap(([from, to]) => ["--volume", `${file(from)}:${to}:ro`]),
      ...["POSTGRES_DB=sample", "POSTGRES_USER=postgres", `POSTGRES_PASSWORD=${PASSWORD}`].flatMap((one) => [
        "--env",
        one,
      ]),
      "--entrypoint",
      "sh",
      IMAGE,
      "-c",
      start,
    );
    // Over TCP: while PostgreSQL initializes the data folder, it accepts connections only on its socket.
    const deadline = Date.now() + 60_000;
    while (spawnSync("docker", ["exec", server, "pg_isready", "-q", "-h", "127.0.0.1"]).status !== 0) {
      assert.ok(Date.now() < deadline, docker("logs", server));
      await sleep(200);
    }
    address = docker("exec", server, "hostname", "-i");
  });
  after(() => {
    spawnSync("docker", ["rm", "--force", "--volumes", server]);
    rmSync(folder, { recursive: true });
  });

  it("is reached by the job that manages the roles", () => {
    const variables = [
      ...roles.env.map(({ name, value }) => `${name}=${text(value)}`),
      ...roles.secretFiles.map(({ variable, path }) => `${variable}=${path}`),
    ];
    docker("exec", ...variables.flatMap((one) => ["--env", one]), server, ...(roles.command ?? []));
  });

  it("is reached with the planned URL, over TLS", () => {
    const encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert.equal(docker("exec", server, "psql", "-XAtc", encrypted, text(url)), "t");
  });

  it("is refused when another CA signed its certificate", () => {
    const other = text(url).replace("/run/secrets/db.ca", "/tls/other.pem");
    const { status, stderr } = spawnSync("docker", ["exec", server, "psql", "-XAtc", "select", other], {
      encoding: "utf8",
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /certificate verify failed/);
  });
});
