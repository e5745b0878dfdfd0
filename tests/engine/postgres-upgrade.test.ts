import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { Checkout } from "../support/checkout";
import { docker, useDocker } from "../support/compose-stack";
import { eventually } from "../support/wait";

const SYSTEM = `import { system } from "../catalog/define";

export const shop = system("shop", ({ postgres, upstream, service }) => {
  const db = postgres("db", { extensions: ["vector"], storage: "1Gi" });
  service("client", {
    image: upstream("client", "python:3.13-slim", { runtime: "python" }),
    command: ["python", "-c", "import signal; signal.pause()"],
    env: { DATABASE_URL: db.url },
    resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
  });
});
`;
const DATA = `CREATE SCHEMA "odd Schema";
CREATE TABLE "odd Schema"."a ""b" (id bigserial PRIMARY KEY, at vector(2), text text NOT NULL);
INSERT INTO "odd Schema"."a ""b" (at, text) SELECT '[1,2]', 'row ' || i FROM generate_series(1, 1000) i;
ALTER TABLE "odd Schema"."a ""b" OWNER TO shop_owner;
GRANT SELECT ON "odd Schema"."a ""b" TO shop_owner, pg_monitor;
`;

/** Document of `longshore upgrade --to --json`. */
interface Upgraded {
  rows: number;
  tables: number;
}

describe("An upgrade of PostgreSQL from 17 to 18", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  const containers = (project: string) =>
    docker("ps", "--all", "--quiet", "--no-trunc", "--filter", `label=com.docker.compose.project=${project}`)
      .split("\n")
      .filter((id) => id !== "");
  let project: string;
  /** Id of the database's container. */
  const db = () =>
    docker(
      ...["ps", "--all", "--quiet", "--no-trunc", "--filter", `label=com.docker.compose.project=${project}`],
      ...["--filter", "label=com.docker.compose.service=db"],
    );
  const sql = (statement: string) =>
    docker(
      ...[
        "exec",
        db(),
        "sh",
        "-c",
        'psql -h /var/run/postgresql -U "$POSTGRES_USER" -d shop -AtX -v ON_ERROR_STOP=1 -c "$0"',
      ],
      statement,
    );
  const version = () => sql("SELECT current_setting('server_version_num')::int / 10000");
  const rows = () => sql('SELECT count(*) FROM "odd Schema"."a ""b"');
  const fails = async (...args: string[]) => {
    const { code, stdout, stderr } = await checkout.longshore(...args);
    assert.notEqual(code, 0, stdout);
    return `${stdout}\n${stderr}`;
  };
  const succeeds = async (...args: string[]) => {
    const { code, stdout, stderr } = await checkout.longshore(...args);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  };
  const volumes = () =>
    docker("volume", "ls", "--quiet", "--filter", `name=${project}_db`).split("\n").sort();

  before(async () => {
    await useDocker(["postgres:18"]);
    // The stand-in of PostgreSQL 18 has pgvector.
    docker("tag", "postgres:18", "pgvector/pgvector:0.8.1-pg18");
    checkout = new Checkout();
    checkout.write("stacks/shop.ts", SYSTEM);
    const index = checkout.read("stacks/index.ts");
    checkout.write(
      "stacks/index.ts",
      index
        .replace("  todo,\n", "  shop,\n  todo,\n")
        .replace("import { todo }", 'import { shop } from "./shop";\nimport { todo }'),
    );
    checkout.presetLocal("config:\n  longshore:systems: [shop]\n");
    await succeeds("up");
    project =
      docker(
        "ps",
        "--filter",
        "label=longshore.system=shop",
        "--format",
        '{{.Label "com.docker.compose.project"}}',
      ).split("\n")[0] ?? "";
    docker(
      "exec",
      db(),
      "sh",
      "-c",
      'psql -h /var/run/postgresql -U "$POSTGRES_USER" -d shop -qX -v ON_ERROR_STOP=1 -c "$0"',
      DATA,
    );
  });
  after(async () => {
    try {
      await checkout.longshore("down", "--volumes", "--yes");
    } finally {
      checkout.remove();
    }
  });

  it("is no consequence of a changed description: the deployment is refused before anything is touched", async () => {
    const before = containers(project);
    checkout.write("stacks/shop.ts", SYSTEM.replace('"db", {', '"db", { version: 18,'));
    for (const command of ["preview", "up"]) {
      assert.match(
        await fails(command),
        /shop\.db\.version: expected 17, because volume \S+_db_data holds PostgreSQL 17 data, got 18;\s+fix: bin\/longshore upgrade shop\/db --to 18/,
      );
    }
    assert.deepEqual(containers(project), before);
    checkout.write("stacks/shop.ts", SYSTEM);
  });

  it("is rehearsed beside the running server, which nothing changes", async () => {
    const [before, all] = [db(), volumes()];
    const found = await checkout.json<Upgraded>("upgrade", "shop/db", "--to", "18", "--rehearse");
    assert.deepEqual([found.rows, found.tables], [1000, 1]);
    assert.equal(db(), before);
    assert.deepEqual(containers(`${project}-upgrade`), []);
    assert.deepEqual(volumes(), all);
    assert.equal(version(), "17");
  });

  it("is rolled back when it is killed while it copies", async () => {
    const env = { ...process.env, XDG_DATA_HOME: checkout.dataHome };
    const command = spawn(join(checkout.root, "bin/longshore"), ["upgrade", "db", "--to", "18", "--yes"], {
      cwd: checkout.root,
      env,
      stdio: "ignore",
      detached: true,
    });
    const ended = once(command, "exit");
    await eventually("the temporary servers exist", () => containers(`${project}-upgrade`).length === 2);
    process.kill(-(command.pid ?? NaN), "SIGKILL");
    await ended;
    assert.match(await fails("upgrade", "db", "--to", "18", "--yes"), /bin\/longshore (up|recover)/);
    await succeeds("recover", "--yes");
    assert.equal(version(), "17");
    assert.equal(rows(), "1000");
    assert.deepEqual(containers(`${project}-upgrade`), []);
    assert.deepEqual(volumes(), [`${project}_db_data`]);
  });

  it("moves rows, owners, rights and passwords, and keeps the data from before", async () => {
    const found = await checkout.json<Upgraded>("upgrade", "shop/db", "--to", "18", "--yes");
    assert.deepEqual([found.rows, found.tables], [1000, 1]);
    assert.equal(version(), "18");
    assert.equal(rows(), "1000");
    assert.equal(sql(`SELECT tableowner FROM pg_tables WHERE schemaname = 'odd Schema'`), "shop_owner");
    // The service's password is valid: the roles job has connected, and the client's URL does.
    const { code, stderr } = await checkout.longshore("health");
    assert.equal(code, 0, stderr);
    assert.deepEqual(volumes(), [`${project}_db_data`, `${project}_db_data-18`]);
    await succeeds("up");
    assert.equal(version(), "18");
  });

  it("is rolled back to the data from before, and forgotten", async () => {
    sql(`INSERT INTO "odd Schema"."a ""b" (at, text) VALUES ('[1,2]', 'later')`);
    await succeeds("upgrade", "db", "--back", "--yes");
    assert.equal(version(), "17");
    assert.equal(rows(), "1000");
    await succeeds("upgrade", "db", "--forget", "--yes");
    assert.deepEqual(volumes(), [`${project}_db_data`]);
  });
});
