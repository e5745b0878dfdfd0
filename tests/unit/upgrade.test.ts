import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { versionProblems } from "../../cli/upgrade/cluster";
import { collationText, readChanges } from "../../cli/upgrade/collation";
import { copyDocument } from "../../cli/upgrade/copy";
import {
  removeUpgrade,
  unfinishedUpgrades,
  upgradeOf,
  writeUpgrade,
  type UpgradeRecord,
} from "../../cli/upgrade/record";
import { readCopied } from "../../cli/upgrade/upgrade";

describe("The temporary servers of an upgrade", () => {
  const document = {
    services: {
      db: {
        image: "postgres:17",
        command: ["postgres", "-c", "archive_mode=on"],
        environment: { PGDATA: "/var/lib/postgresql/data/pgdata", POSTGRES_USER: "shop" },
        ports: ["127.0.0.1:5432:5432"],
        networks: ["shop"],
        labels: { "longshore.system": "shop" },
        restart: "unless-stopped",
        volumes: [{ type: "volume", source: "db_data", target: "/var/lib/postgresql/data" }],
      },
      app: { image: "app" },
    },
    networks: { shop: {} },
    volumes: { db_data: {} },
  };
  const target = {
    image: "postgres:18",
    path: "/var/lib/postgresql",
    environment: { PGDATA: "/var/lib/postgresql/pgdata" },
  };
  type Services = Record<string, Record<string, unknown>>;

  it("share a network that nothing else reaches, and have a volume each", () => {
    const { services, volumes } = copyDocument(
      document,
      "db",
      { volume: "shop_db_data" },
      { ...target, volume: "new" },
    ) as {
      services: Services;
      volumes: unknown;
    };
    assert.deepEqual(Object.keys(services), ["source", "target"]);
    const { source = {}, target: copy = {} } = services;
    assert.deepEqual([source["network_mode"], copy["network_mode"]], ["none", "service:source"]);
    for (const one of [source, copy]) {
      assert.deepEqual(
        [one["ports"], one["networks"], one["labels"], one["restart"]],
        [undefined, undefined, undefined, "no"],
      );
    }
    assert.deepEqual([source["image"], copy["image"]], ["postgres:17", "postgres:18"]);
    assert.deepEqual(copy["environment"], {
      PGDATA: "/var/lib/postgresql/pgdata",
      POSTGRES_USER: "shop",
      PGPORT: "5433",
    });
    assert.deepEqual(volumes, {
      source: { external: true, name: "shop_db_data" },
      target: { external: true, name: "new" },
    });
    // Last, so that it takes precedence: the copy must not write to the archive of the original.
    assert.deepEqual((copy["command"] as string[]).slice(-2), ["-c", "archive_mode=off"]);
  });

  it("use the running server in a rehearsal, and a volume that goes with them", () => {
    const { services, volumes } = copyDocument(document, "db", { container: "id" }, target) as {
      services: Services;
      volumes: unknown;
    };
    assert.deepEqual(Object.keys(services), ["target"]);
    assert.equal(services["target"]?.["network_mode"], "container:id");
    assert.deepEqual(volumes, { target: {} });
  });
});

describe("The record of an upgrade", () => {
  let folder: string;
  const home = process.env["XDG_DATA_HOME"];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-upgrade-"));
    process.env["XDG_DATA_HOME"] = folder;
  });
  afterEach(() => {
    delete process.env["XDG_DATA_HOME"];
    Object.assign(process.env, home !== undefined && { XDG_DATA_HOME: home });
    rmSync(folder, { recursive: true });
  });

  it("is unfinished until the switch, and remains until the old data is deleted", () => {
    const record: UpgradeRecord = {
      ...{
        stack: "local",
        system: "shop",
        store: "db",
        copies: true,
        image: "postgres:17",
        since: "2026-11-30T00:00:00Z",
      },
      from: { version: "17", volume: "a" },
      to: { version: "18", volume: "b" },
      phase: "copying",
    };
    assert.deepEqual(unfinishedUpgrades("local"), []);
    writeUpgrade(record);
    assert.deepEqual(unfinishedUpgrades("local"), [record]);
    assert.deepEqual(unfinishedUpgrades("test"), []);
    writeUpgrade({ ...record, phase: "done" });
    assert.deepEqual(unfinishedUpgrades("local"), []);
    assert.equal(upgradeOf("local", "shop", "db")?.phase, "done");
    removeUpgrade(record);
    assert.equal(upgradeOf("local", "shop", "db"), undefined);
  });
});

describe("The report of a copy", () => {
  it("is read from the output of its script", () => {
    const text =
      "note: not copied, because ALTER SYSTEM set it: work_mem\ndatabases 2\nroles 5\ntables 7\nrows 1050\n";
    assert.deepEqual(readCopied(text), {
      ...{ databases: 2, roles: 5, tables: 7, rows: 1050 },
      notes: ["not copied, because ALTER SYSTEM set it: work_mem"],
    });
  });
});

describe("A changed collation version", () => {
  it("is read by database, whose name may contain the separator", () => {
    assert.deepEqual(readChanges("shop|2.36|2.41\na|b|153.14|153.120\n"), [
      { database: "shop", recorded: "2.36", current: "2.41" },
      { database: "a|b", recorded: "153.14", current: "153.120" },
    ]);
    assert.deepEqual(readChanges(""), []);
  });

  it("is reported with its consequence and the procedure", () => {
    const change = { system: "shop", store: "db", database: "shop", recorded: "2.36", current: "2.41" };
    assert.match(
      collationText(change),
      /^warning: shop\/db: database shop was built with collation version 2\.36, and its image has 2\.41: .*fix: .*REINDEX DATABASE.*REFRESH COLLATION VERSION/,
    );
  });
});

describe("A datastore of another version on a cluster", () => {
  const plans = (version: 17 | 18) => [
    planSystem(
      system("shop", ({ postgres, upstream, service }) => {
        const db = postgres("db", { version });
        service("web", {
          image: upstream("web", "python:3.13-slim", { runtime: "python" }),
          env: { DATABASE_URL: db.url },
          resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
        });
      }),
      { environment: "prod", target: "kubernetes" },
    ),
  ];
  const state = (image: string) => ({
    resources: [
      {
        urn: "urn",
        type: "kubernetes:apps/v1:StatefulSet",
        inputs: {
          metadata: { labels: { "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/name": "db" } },
          spec: { template: { spec: { containers: [{ image }] } } },
        },
      },
    ],
  });

  it("is refused against the version in the state", () => {
    assert.deepEqual(
      versionProblems(plans(18), state("registry/postgres:17@sha256:0a")).map(({ path, message }) => [
        path,
        message,
      ]),
      [["shop.db.version", "expected 17, because its StatefulSet has PostgreSQL 17 data, got 18"]],
    );
    assert.equal(versionProblems(plans(17), state("postgres:18")).length, 1);
  });

  it("is accepted if the version is the same, or nothing is deployed", () => {
    assert.deepEqual(versionProblems(plans(17), state("postgres:17@sha256:0b")), []);
    assert.deepEqual(versionProblems(plans(18), {}), []);
  });
});
