import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { NEO4J } from "../../render/backup/neo4j";
import { POSTGRES } from "../../render/backup/postgres";
import { REDIS } from "../../render/backup/redis";
import type { BackupScripts } from "../../render/backup/scripts";
import { docker, useDocker } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PASSWORD = "Pw0d7fK2mQ9xR4tL6vB8nC1";
const IMAGES = {
  postgres: "timescale/timescaledb:2.19.3-pg17",
  redis: "redis:7",
  neo4j: "neo4j:5.26-community",
} as const;
const NETWORK = "longshore-backup-test";
const LOSS = "rm -rf /data/databases/neo4j/* /data/transactions/neo4j/*";
const HALF_SWITCH = `mkdir -p /data/.before-test1/databases
mv /data/databases/neo4j /data/.before-test1/databases/neo4j
mv /data/.restore-test1/databases/neo4j /data/databases/neo4j`;

interface Runner {
  readonly scripts: BackupScripts;
  readonly image: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
}

/** Backup, data loss and restore with real datastores in containers, without Compose. */
describe("backups", function () {
  this.timeout(480_000);
  const folder = mkdtempSync(path.join(tmpdir(), "longshore-backup-"));
  const started: string[] = [];
  const volume = `${NETWORK}-graph`;

  before(async () => {
    await useDocker(Object.values(IMAGES));
    docker("network", "create", NETWORK);
    docker("volume", "create", volume);
    writeFileSync(path.join(folder, "password"), PASSWORD);
    chmodSync(folder, 0o777);
  });
  after(() => {
    docker("rm", "--force", "--volumes", ...started);
    docker("network", "rm", NETWORK);
    docker("volume", "rm", volume);
    // Dumps belong to the containers' users.
    docker(
      "run",
      "--rm",
      "--volume",
      `${folder}:/backup`,
      "--user",
      "0",
      IMAGES.redis,
      "sh",
      "-c",
      "rm -rf /backup/*",
    );
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name: string, image: string, ...options: string[]): string => {
    const [settings, command] = [options.filter((one) => one !== "--"), [] as string[]];
    const cut = options.indexOf("--");
    if (cut >= 0) {
      command.push(...options.slice(cut + 1));
      settings.splice(cut);
    }
    const full = `${NETWORK}-${name}`;
    started.push(full);
    docker(
      "run",
      "--detach",
      "--name",
      full,
      "--network",
      NETWORK,
      "--network-alias",
      name,
      ...settings,
      image,
      ...command,
    );
    return full;
  };
  /** Runs a script as the backup job does: in the datastore's image, as its user, on a read-only root file system. */
  const run = (
    { scripts, image, user, env, options = [] }: Runner,
    purpose: "dump" | "restore" | "recover" | "switch",
    input: Buffer = Buffer.alloc(0),
    more: Readonly<Record<string, string>> = {},
  ): { code: number; output: Buffer; said: string } => {
    const sum = createHash("sha256").update(input).digest("hex");
    const all = { DUMP_SHA256: sum, RESTORE_ID: "test1", RESTORE_HOST: "127.0.0.1", ...env, ...more };
    const variables = Object.entries(all).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const locked = ["--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL", "--user", user];
    const { status, stdout, stderr } = spawnSync(
      "docker",
      [
        ...["run", "--rm", "--interactive", "--log-driver", "none", ...locked, ...variables],
        ...["--volume", `${folder}:/backup:ro`, ...options, "--entrypoint", "sh", image, "-c"],
        scripts[purpose] ?? "exit 99",
      ],
      { input, maxBuffer: 2 ** 28 },
    );
    return {
      code: status ?? 128,
      output: stdout,
      said: `${stdout.toString("latin1")}\n${stderr.toString()}`,
    };
  };
  const dumpOf = (runner: Runner): Buffer => {
    const { code, output, said } = run(runner, "dump");
    assert.equal(code, 0, said.slice(-2000));
    const sum = createHash("sha256").update(output).digest("hex");
    assert.match(said, new RegExp(`^sha256 ${sum}$`, "m"));
    return output;
  };
  const restored = (runner: Runner, dump: Buffer, purpose: "restore" | "switch" = "restore"): string => {
    const { code, said } = run(runner, purpose, dump);
    assert.equal(code, 0, said.slice(-2000));
    return said;
  };

  it("bring PostgreSQL back with its rights and its hypertables, under open sessions", async () => {
    const db = start(
      "db",
      IMAGES.postgres,
      ...["--env", `POSTGRES_PASSWORD=${PASSWORD}`, "--tmpfs", "/var/lib/postgresql/data"],
      ...["--", "postgres", "-c", "shared_preload_libraries=timescaledb"],
    );
    const sql = (statement: string, database = "shop", user = "postgres"): string =>
      docker(
        "exec",
        "--env",
        `PGPASSWORD=${PASSWORD}`,
        db,
        "psql",
        "-h",
        "127.0.0.1",
        "-U",
        user,
        "-v",
        "ON_ERROR_STOP=1",
        "-tAc",
        statement,
        database,
      );
    await eventually("PostgreSQL answers", () => sql("SELECT 1", "postgres"));
    sql("CREATE ROLE shop_owner", "postgres");
    sql("CREATE ROLE app LOGIN PASSWORD 'x'", "postgres");
    sql("CREATE DATABASE shop OWNER shop_owner", "postgres");
    sql("REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO app", "postgres");
    sql(
      "CREATE EXTENSION IF NOT EXISTS timescaledb; SET ROLE shop_owner; CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO app",
    );
    sql("SET ROLE shop_owner; CREATE TABLE s.orders (at timestamptz NOT NULL, what text)");
    sql("SELECT create_hypertable('s.orders', 'at')");
    sql("GRANT SELECT ON s.orders TO app");
    sql(
      "INSERT INTO s.orders SELECT '2026-01-01'::timestamptz + n * interval '1 day', 'order ' || n FROM generate_series(1, 400) n",
    );
    const facts = () => [
      sql("SELECT count(*), md5(string_agg(at::text || what, ',' ORDER BY at)) FROM s.orders"),
      sql("SELECT count(*) > 10 FROM timescaledb_information.chunks WHERE hypertable_name = 'orders'"),
      sql(
        "SELECT array(SELECT unnest(datacl)::text ORDER BY 1), pg_get_userbyid(datdba), datallowconn FROM pg_database WHERE datname = 'shop'",
      ),
      sql(
        "SELECT array(SELECT unnest(relacl)::text ORDER BY 1), pg_get_userbyid(relowner) FROM pg_class WHERE oid = 's.orders'::regclass",
      ),
    ];
    const before = facts();
    const runner: Runner = {
      scripts: POSTGRES,
      image: IMAGES.postgres,
      user: "999:999",
      options: ["--network", `container:${db}`],
      env: {
        PGHOST: "127.0.0.1",
        PGUSER: "postgres",
        PGDATABASE: "shop",
        PGPASSWORD_FILE: "/backup/password",
      },
    };
    const dump = dumpOf(runner);
    sql(
      "DELETE FROM s.orders WHERE what LIKE '%7'; REVOKE ALL ON s.orders FROM app; CREATE TABLE s.later (x int)",
    );
    docker("exec", "--detach", db, "psql", "-U", "postgres", "-c", "SELECT pg_sleep(600)", "shop");
    // Remainder of a restore that was killed.
    sql("CREATE DATABASE shop_longshore_restore_killed", "postgres");
    // A database that a user created must be left alone.
    sql("CREATE DATABASE shop_before_february", "postgres");
    assert.match(restored(runner, dump), /^rows \d{3,}\nrestored$/m);
    assert.deepEqual(facts(), before);
    assert.equal(sql("SELECT to_regclass('s.later') IS NULL"), "t");
    const databases = () =>
      sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database", "postgres");
    assert.equal(databases(), "postgres shop shop_before_february template0 template1");
    // TimescaleDB must accept new data in new chunks.
    sql("INSERT INTO s.orders VALUES ('2030-01-01', 'after')");

    // A defective dump must leave the current data unchanged and no other trace.
    const cut = run(runner, "restore", dump.subarray(0, Math.floor(dump.length * 0.6)));
    assert.notEqual(cut.code, 0, cut.said);
    const torn = run(runner, "restore", dump, { DUMP_SHA256: "0".repeat(64) });
    assert.match(torn.said, /did not arrive whole; the current data is unchanged/);
    sql("DROP OWNED BY app", "shop");
    sql("DROP ROLE app", "postgres");
    assert.match(run(runner, "restore", dump).said, /role "app" does not exist/);
    assert.equal(sql("SELECT count(*) FROM s.orders"), "401");
    assert.equal(databases(), "postgres shop shop_before_february template0 template1");
    assert.equal(sql("SELECT datallowconn FROM pg_database WHERE datname = 'shop'"), "t");
    assert.notEqual(run(runner, "dump", undefined, { PGHOST: "nowhere" }).code, 0);
  });

  it("bring Redis back while it runs, every type, what is binary and what expires", async () => {
    const cache = start(
      "cache",
      IMAGES.redis,
      ...[
        "--tmpfs",
        "/data:mode=1777",
        "--",
        "redis-server",
        "--requirepass",
        PASSWORD,
        "--appendonly",
        "yes",
        "--enable-debug-command",
        "local",
      ],
    );
    const redis = (...command: string[]): string =>
      docker("exec", "--env", `REDISCLI_AUTH=${PASSWORD}`, cache, "redis-cli", ...command);
    await eventually("Redis answers", () => redis("ping"), { until: (answer) => answer === "PONG" });
    redis("eval", "for n = 1, 5000 do redis.call('set', 'key:' .. n, string.rep('x', n % 50)) end", "0");
    redis("eval", "redis.call('set', 'b\\10\\0k', '\\0\\1\\255\\13\\10')", "0");
    redis("hset", "hash", "a", "1");
    redis("zadd", "zset", "1.5", "one");
    redis("rpush", "list", "a", "b");
    redis("xadd", "stream", "1-1", "field", "value");
    redis("setex", "expires", "100000", "soon");
    const digest = (): string => redis("debug", "digest");
    const before = digest();
    const runner: Runner = {
      scripts: REDIS,
      image: IMAGES.redis,
      user: "999:999",
      options: ["--network", `container:${cache}`],
      env: { REDIS_HOST: "127.0.0.1", REDIS_PORT: "6379", REDIS_PASSWORD_FILE: "/backup/password" },
    };
    const dump = dumpOf(runner);
    redis("del", "hash", "key:7");
    redis("set", "later", "x");
    assert.notEqual(digest(), before);
    const cut = run(runner, "restore", dump.subarray(0, Math.floor(dump.length * 0.6)));
    assert.notEqual(cut.code, 0, cut.said);
    assert.equal(redis("get", "later"), "x");
    assert.match(restored(runner, dump), /^rows 5006\nrestored$/m);
    assert.equal(digest(), before);
    assert.ok(Number(redis("ttl", "expires")) > 90_000);
    // Redis must be a master again, and its append-only file must contain the restored data.
    assert.match(redis("info", "replication"), /role:master/);
    assert.equal(redis("config", "get", "masterauth").trim(), "masterauth");
    redis("debug", "loadaof");
    assert.equal(digest(), before);
  });

  it("bring Neo4j back, which does not run meanwhile", async () => {
    const data = ["--volume", `${volume}:/data`];
    const login = [
      "--env",
      `NEO4J_AUTH=neo4j/${PASSWORD}`,
      "--env",
      "NEO4J_server_memory_heap_max__size=256m",
    ];
    const graph = start("graph", IMAGES.neo4j, ...data, ...login);
    const cypher = (statement: string): string =>
      docker(
        ...[
          "exec",
          graph,
          "wget",
          "-q",
          "-O",
          "-",
          "--http-user=neo4j",
          `--http-password=${PASSWORD}`,
          "--auth-no-challenge",
        ],
        ...[
          "--header",
          "Content-Type: application/json",
          "--post-data",
          JSON.stringify({ statements: [{ statement }] }),
        ],
        "http://127.0.0.1:7474/db/neo4j/tx/commit",
      );
    await eventually("Neo4j answers", () => cypher("RETURN 1"), {
      until: (answer) => answer.includes('"errors":[]'),
    });
    cypher("UNWIND range(1, 100) AS n CREATE (:Person {n: n})-[:KNOWS {since: n}]->(:Person {n: -n})");
    const facts = (): unknown => {
      const all = "MATCH (a)-[k:KNOWS]->(b) RETURN count(k), sum(k.since), sum(a.n * b.n)";
      return (JSON.parse(cypher(all)) as { results: { data: { row: unknown }[] }[] }).results[0]?.data[0]
        ?.row;
    };
    const before = facts();
    assert.deepEqual(before, [100, 5050, -338350]);
    const runner: Runner = {
      scripts: NEO4J,
      image: IMAGES.neo4j,
      user: "7474:7474",
      env: {},
      options: [...data, "--network", "none", "--tmpfs", "/logs:mode=1777"],
    };
    docker("stop", graph);
    const dump = dumpOf(runner);
    docker("run", "--rm", ...data, "--user", "7474:7474", "--entrypoint", "sh", IMAGES.neo4j, "-c", LOSS);
    assert.match(restored(runner, dump), /^prepared$/m);
    // Interrupts the switch after its first half. Recovery must complete it.
    docker(
      "run",
      "--rm",
      ...data,
      "--user",
      "7474:7474",
      "--entrypoint",
      "sh",
      IMAGES.neo4j,
      "-c",
      HALF_SWITCH,
    );
    assert.match(run(runner, "recover").said, /completed restore test1/);
    docker("start", graph);
    await eventually("Neo4j answers", () => cypher("RETURN 1"), {
      until: (answer) => answer.includes('"errors":[]'),
    });
    assert.deepEqual(facts(), before);
  });
});
