import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { NEO4J, POSTGRES, REDIS, type BackupScripts } from "../../render/backup/scripts";
import { docker, useDocker } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PASSWORD = "Pw0d7fK2mQ9xR4tL6vB8nC1";
const IMAGES = {
  postgres: "timescale/timescaledb:2.19.3-pg17",
  redis: "redis:7",
  neo4j: "neo4j:5.26-community",
} as const;
const NETWORK = "longshore-backup-test";

/** Backup, loss, restore: with the datastores themselves, as containers without Compose. */
describe("backups", function () {
  this.timeout(240_000);
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
  /** Runs a script as the job does: in the datastore's image, as its user, on a read-only root. */
  const run = (
    scripts: BackupScripts,
    what: keyof BackupScripts,
    image: string,
    user: string,
    env: Readonly<Record<string, string>>,
    ...options: string[]
  ): string => {
    const variables = Object.entries({ BACKUP_FOLDER: "/backup", ...env }).flatMap(([name, value]) => [
      "--env",
      `${name}=${value}`,
    ]);
    const locked = ["--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL", "--user", user];
    const mounts = ["--volume", `${folder}:/backup`, "--network", NETWORK, ...options];
    return docker(
      "run",
      "--rm",
      ...locked,
      ...variables,
      ...mounts,
      "--entrypoint",
      "sh",
      image,
      "-c",
      scripts[what],
    );
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
    const env = {
      BACKUP_NAME: "shop-db",
      PGHOST: "db",
      PGUSER: "postgres",
      PGDATABASE: "shop",
      PGPASSWORD_FILE: "/backup/password",
    };
    const job = (what: keyof BackupScripts, more: Readonly<Record<string, string>> = {}): string =>
      run(POSTGRES, what, IMAGES.postgres, "999:999", { ...env, ...more });
    assert.match(job("dump"), /wrote \/backup\/shop-db-\d{8}T\d{6}Z\.dump, \d+ bytes/);
    sql(
      "DELETE FROM s.orders WHERE what LIKE '%7'; REVOKE ALL ON s.orders FROM app; CREATE TABLE s.later (x int)",
    );
    docker("exec", "--detach", db, "psql", "-U", "postgres", "-c", "SELECT pg_sleep(600)", "shop");
    assert.match(job("restore"), /restored/);
    assert.deepEqual(facts(), before);
    assert.equal(sql("SELECT to_regclass('s.later') IS NULL"), "t");
    // It takes new data in new chunks.
    sql("INSERT INTO s.orders VALUES ('2030-01-01', 'after')");
    assert.throws(
      () => job("restore", { BACKUP_FILE: "shop-db-never.dump" }),
      /there is no dump \/backup\/shop-db-never/,
    );
    assert.equal(
      sql("SELECT count(*) FROM s.orders"),
      "401",
      "a restore that cannot be done changed something",
    );
    assert.throws(() => job("dump", { PGHOST: "nowhere" }));
    assert.equal(readdirSync(folder).filter((file) => file.startsWith("shop-db-")).length, 1);
    assert.deepEqual(
      readdirSync(folder).filter((file) => file.includes("part")),
      [],
    );
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
    const env = {
      BACKUP_NAME: "shop-cache",
      REDIS_HOST: "cache",
      REDIS_PORT: "6379",
      REDIS_PASSWORD_FILE: "/backup/password",
    };
    const job = (what: keyof BackupScripts): string => run(REDIS, what, IMAGES.redis, "999:999", env);
    assert.match(job("dump"), /wrote \/backup\/shop-cache-.*\.rdb/);
    redis("del", "hash", "key:7");
    redis("set", "later", "x");
    assert.notEqual(digest(), before);
    assert.match(job("restore"), /errors: 0, replies: \d+\nrestored/);
    assert.equal(digest(), before);
    assert.ok(Number(redis("ttl", "expires")) > 90_000);
  });

  it("bring Neo4j back, which does not run meanwhile", async () => {
    const data = ["--volume", `${volume}:/data`];
    const login = [
      "--env",
      `NEO4J_AUTH=neo4j/${PASSWORD}`,
      "--env",
      "NEO4J_server_memory_heap_max__size=256m",
    ];
    let graph = start("graph", IMAGES.neo4j, ...data, ...login);
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
    const job = (what: keyof BackupScripts): string => {
      const env = { BACKUP_NAME: "shop-graph" };
      return run(NEO4J, what, IMAGES.neo4j, "7474:7474", env, ...data, "--tmpfs", "/logs:mode=1777");
    };
    docker("stop", graph);
    assert.match(job("dump"), /wrote \/backup\/shop-graph-.*\.dump/);
    docker("rm", graph);
    docker("volume", "rm", volume);
    docker("volume", "create", volume);
    assert.match(job("restore"), /restored/);
    graph = start("graph-again", IMAGES.neo4j, ...data, ...login);
    await eventually("Neo4j answers", () => cypher("RETURN 1"), {
      until: (answer) => answer.includes('"errors":[]'),
    });
    assert.deepEqual(facts(), before);
  });
});
