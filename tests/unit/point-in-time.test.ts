import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type Vocabulary } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import type { PlanSettings } from "../../catalog/plan/settings";
import { archiveLines, archiveOf, parseMoment, parseWindows } from "../../cli/backup/point-in-time";
import type { Store } from "../../cli/backup/job";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { backupJobOf } from "../../render/backup/machine";
import { renderKubernetes } from "../../render/kubernetes";
import { readSettings } from "../../settings/read";
import { textOptions } from "../support/kubernetes-plan";

const shop = (more: (words: Vocabulary) => void = () => undefined) =>
  system("shop", (words) => {
    words.postgres("db", { storage: "16Gi" });
    more(words);
  });
const planOf = (settings: Partial<PlanSettings> = {}): Plan =>
  planSystem(shop(), { environment: "prod", target: "compose", pointInTime: { keepDays: 7 }, ...settings });
const workload = (plan: Plan, name: string) => {
  const found = plan.workloads.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};
const rolesSql = (plan: Plan) =>
  workload(plan, "db-roles").configFiles.find(({ path }) => path.endsWith(".sql"))?.content ?? "";

describe("the moment of a restore", () => {
  const now = new Date("2026-11-30T18:00:00Z");

  it("is converted to UTC", () => {
    assert.equal(parseMoment("2026-11-30T17:05:00Z", now), "2026-11-30T17:05:00.000Z");
    assert.equal(parseMoment("2026-11-30T18:05:30.250+01:00", now), "2026-11-30T17:05:30.250Z");
    assert.equal(parseMoment("2026-11-30T17:05Z", now), "2026-11-30T17:05:00.000Z");
  });

  for (const text of [
    "2026-11-30T17:05:00",
    "2026-11-30",
    "2026-02-30T17:05:00Z",
    "2026-11-30T25:05:00Z",
    "/mnt/backups",
    "2026-11-30T17:05:00Z'; x",
    "",
  ]) {
    it(`is rejected as ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseMoment(text, now),
        /--to: expected a moment with its time zone, such as .*, got/,
      );
    });
  }

  it("is rejected in the future", () => {
    assert.throws(() => parseMoment("2026-11-30T18:00:01Z", now), /expected a moment in the past/);
  });
});

describe("the archive of a database", () => {
  it("is on by default in staging and prod on one machine, and a setting elsewhere", () => {
    const of = (environment: string, target: string, backups?: object) =>
      readSettings(
        {
          stack: "site",
          values: {
            environment,
            target,
            domain: "example.com",
            registry: "registry.example.com/acme",
            ...(target === "kubernetes" && { cluster: { context: "site" } }),
            ...(backups && { backups }),
          },
        },
        { shop: shop() },
      ).pointInTime;
    assert.deepEqual(of("prod", "compose"), { keepDays: 7 });
    assert.deepEqual(of("staging", "compose"), { keepDays: 7 });
    assert.deepEqual(of("prod", "compose", { pointInTime: { keepDays: 14 } }), { keepDays: 14 });
    assert.equal(of("prod", "compose", { pointInTime: { enabled: false } }), undefined);
    assert.equal(of("prod", "compose", { enabled: false }), undefined);
    assert.equal(of("local", "compose"), undefined);
    assert.deepEqual(of("dev", "compose", { pointInTime: { enabled: true } }), { keepDays: 7 });
    assert.equal(of("prod", "kubernetes"), undefined);
    assert.deepEqual(of("prod", "kubernetes", { pointInTime: { enabled: true } }), { keepDays: 7 });
  });

  it("connects to its database only, with a login that the database accepts for replication", () => {
    const plan = planOf();
    const { connects, egress, secretFiles, volumes, user } = workload(plan, "db-archive");
    assert.deepEqual(connects, [{ to: "workload", workload: "db", port: 5432 }]);
    assert.deepEqual(egress, []);
    assert.deepEqual(
      secretFiles.map(({ value }) => value),
      [{ late: "secret", secret: "db-archive-password" }],
    );
    assert.equal(user, workload(plan, "db").user);
    assert.deepEqual(
      volumes.map(({ name }) => name),
      ["archive"],
    );
    const hba = workload(plan, "db")
      .configFiles.map(({ content }) => content)
      .join("");
    assert.deepEqual(
      hba.split("\n").filter((line) => line.includes("replication")),
      ["host replication shop_archive all scram-sha-256"],
    );
    assert.match(rolesSql(plan), /ALTER ROLE shop_archive LOGIN REPLICATION PASSWORD/);
  });

  it("limits the WAL that the server keeps for it to a quarter of the storage", () => {
    assert.ok(workload(planOf(), "db").command?.includes("max_slot_wal_keep_size=4096MB"));
  });

  it("leaves no slot and no login when it is turned off", () => {
    const { pointInTime: _, ...settings } = {
      environment: "prod",
      target: "compose",
      pointInTime: 1,
    } as const;
    const plan = planSystem(shop(), settings);
    assert.deepEqual(
      plan.workloads.map(({ name }) => name),
      ["db", "db-roles"],
    );
    assert.match(rolesSql(plan), /ALTER ROLE shop_archive NOLOGIN NOREPLICATION/);
    assert.match(rolesSql(plan), /pg_drop_replication_slot/);
    assert.ok(plan.secrets.every(({ name }) => !name.includes("archive")));
  });

  it("does not exist for Cloud SQL, whose own recovery is always on", () => {
    const plan = planOf({ target: "gcp" });
    assert.ok(plan.workloads.every(({ name }) => name !== "db-archive"));
    assert.doesNotMatch(rolesSql(plan), /archive|slot/);
  });

  it("has a name that no service may have", () => {
    const definition = shop(({ upstream, service }) => {
      service("db-archive", {
        image: upstream("x", "python:3.13-slim", { runtime: "python" }),
        resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
      });
    });
    const problems = checkSystem(definition, { environment: "prod", target: "compose" });
    assert.match(JSON.stringify(problems), /two services, jobs or datastores have this name/);
  });

  it("is a StatefulSet with its own disk in a cluster", () => {
    const plan = planOf({ target: "kubernetes" });
    const objects = renderKubernetes(plan, textOptions()).filter(
      ({ metadata }) => metadata.name === "db-archive",
    );
    for (const object of objects) {
      assert.deepEqual(checkKubernetesObject(object as never), [], object.kind);
    }
    const set = JSON.stringify(objects.find(({ kind }) => kind === "StatefulSet"));
    assert.match(set, /"volumeClaimTemplates":\[.*"storage":"48Gi"/);
  });
});

describe("a restore to a moment", () => {
  const storeOf = (plan: Plan): Store => {
    const [datastore] = plan.datastores;
    const job = datastore && backupJobOf(plan, datastore);
    assert.ok(job);
    return { system: "shop", store: "db", job, container: { id: "x" } as never };
  };

  it("mounts the archive read-only beside a folder of its own, for each major version", () => {
    for (const [version, folder] of [
      [17, "/var/lib/postgresql/data"],
      [18, "/var/lib/postgresql"],
    ] as const) {
      const { job } = storeOf(planOf({ datastores: { db: { version } } }));
      assert.equal(job.pointInTime?.mounted, folder);
      assert.equal(job.pointInTime.env["SCRATCH"], folder);
      assert.equal(job.pointInTime.env["ARCHIVE"], "/archive/archive");
    }
  });

  it("names the setting where there is no archive", () => {
    const store = storeOf(planSystem(shop(), { environment: "local", target: "compose" }));
    assert.throws(
      () => archiveOf(store, []),
      /shop\/db has no archive.*\nfix: set longshore:backups\.pointInTime\.enabled/,
    );
  });

  it("reads what an archive covers", () => {
    const windows = parseWindows(
      "20261129T030001Z 2026-11-30T10:00:00Z\n20261130T110000Z 2026-11-30T12:00:00Z\n",
    );
    assert.deepEqual(windows, [
      { from: "2026-11-29T03:00:01Z", until: "2026-11-30T10:00:00Z" },
      { from: "2026-11-30T11:00:00Z", until: "2026-11-30T12:00:00Z" },
    ]);
    assert.match(
      archiveLines([{ system: "shop", store: "db", windows }]).join("\n"),
      /any moment from .* to .*ago/,
    );
    assert.deepEqual(archiveLines([{ system: "shop", store: "db", windows: [] }]), [
      "shop/db: no moment can be restored from its archive yet",
    ]);
  });
});
