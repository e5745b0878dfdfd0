import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "mocha";
import { planSystem, type Plan } from "../../catalog/plan";
import { backupBucketSpec } from "../../components/backup-bucket";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { backedUp, renderBackup } from "../../render/backup/objects";
import { NEO4J, POSTGRES, REDIS } from "../../render/backup/scripts";
import { googleOptions } from "../../render/kubernetes";
import { loadStack, planSettings } from "../../settings";
import { readSettings } from "../../settings/read";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";

const settings = loadStack(repoRoot(), "prod", systems);
const planOf = (name: string): Plan => {
  const definition = systems[name];
  assert.ok(definition);
  return planSystem(definition, planSettings(settings, name));
};
const optionsOf = (plan: Plan) => ({
  ...googleOptions(plan),
  resolver: {
    secret: (name: string) => `<${name}>`,
    host: () => "h",
    text: (parts: string[]) => parts.join(""),
  },
  imageReference: ({ name }: { name: string }) => `gcr.io/p/${name}@sha256:${"0".repeat(64)}`,
});

describe("backups in the cluster", () => {
  it("are of what runs there and keeps what it has; managed stores have their own", () => {
    const stores = (name: string): string[] => backedUp(planOf(name)).map(({ store }) => store);
    assert.deepEqual(stores("neurascale"), ["db", "redis"]);
    assert.deepEqual(stores("nexus"), ["state"]);
    assert.deepEqual(stores("todo"), []);
  });

  it("run in the store's own image as its user, reach the store and the bucket, and nothing else", () => {
    const plan = planOf("neurascale");
    const [db] = backedUp(plan);
    assert.ok(db);
    const objects = renderBackup(plan, optionsOf(plan), db, { bucket: "dumps", schedule: "0 3 * * *" });
    for (const object of objects) {
      assert.deepEqual(checkKubernetesObject(object as never), [], object.kind);
    }
    const [dump, restore] = objects.filter(({ kind }) => kind === "CronJob");
    assert.ok(dump && restore);
    const text = JSON.stringify(dump);
    assert.match(text, /"schedule":"0 3 \* \* \*"/);
    assert.match(text, /"bucketName":"dumps"/);
    assert.match(text, /"readOnlyRootFilesystem":true/);
    assert.match(text, /"runAsUser":\d+/);
    assert.doesNotMatch(text, /"suspend"/);
    assert.match(JSON.stringify(restore), /"suspend":true/);
    const reached = objects.find(
      ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "db-dump",
    );
    const egress = JSON.stringify(reached?.["spec"]);
    assert.match(egress, /"app\.kubernetes\.io\/name":"db"\}\}\}\],"ports":\[\{"port":5432/);
    assert.match(egress, /"ports":\[\{"port":443/);
    const admits = objects.find(({ metadata }) => metadata.name === "db-from-backup");
    assert.match(JSON.stringify(admits?.["spec"]), /db-dump.*db-restore.*5432/);
  });

  it("hold no secret but as a file", () => {
    const plan = planOf("neurascale");
    for (const backup of backedUp(plan)) {
      const objects = renderBackup(plan, optionsOf(plan), backup, { bucket: "dumps", schedule: "0 3 * * *" });
      assert.doesNotMatch(JSON.stringify(objects), /<[a-z-]+>/);
    }
  });

  it("are scripts that every sh reads", () => {
    for (const { dump, restore } of [POSTGRES, REDIS, NEO4J]) {
      for (const script of [dump, restore]) {
        execFileSync("sh", ["-n"], { input: script });
      }
    }
  });

  it("go by default in staging and prod to a closed bucket that forgets", () => {
    assert.deepEqual(settings.backups, { schedule: "0 3 * * *", keepDays: 30, location: "us-central1" });
    const values = { domain: "example.com", gcp: { project: "example-dev" } };
    const read = (stack: string, backups?: object) =>
      readSettings({ stack, values: { ...values, ...(backups && { backups }) }, source: "x" }, systems)
        .backups;
    assert.equal(read("dev"), undefined);
    assert.equal(read("prod", { enabled: false }), undefined);
    assert.deepEqual(read("dev", { enabled: true, keepDays: 3, location: "europe" }), {
      schedule: "0 3 * * *",
      keepDays: 3,
      location: "europe",
    });
    assert.throws(() => read("prod", { schedule: "daily" }), /backups\.schedule: expected five fields/);
    const spec = backupBucketSpec("b", { project: "p", location: "us", keepDays: 3 }, true);
    assert.deepEqual(spec.lifecycleRules, [{ action: { type: "Delete" }, condition: { age: 3 } }]);
    assert.equal(spec.forceDestroy, false);
    assert.throws(
      () => backupBucketSpec("b", { project: "p", location: "us", keepDays: 0 }, true),
      /keepDays/,
    );
  });
});
