import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { planSystem, type Plan } from "../../catalog/plan";
import { backupBucketSpec } from "../../components/backup-bucket";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { backedUp, renderBackup } from "../../render/backup/objects";
import { AGE_PROGRAM, folderScript, STORE_SCRIPT } from "../../render/backup/cluster";
import { NEO4J } from "../../render/backup/neo4j";
import { POSTGRES } from "../../render/backup/postgres";
import { REDIS } from "../../render/backup/redis";
import { googleOptions } from "../../render/kubernetes";
import { loadStack, planSettings } from "../../settings";
import { readSettings } from "../../settings/read";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";

const settings = loadStack(repoRoot(), "prod", systems);
const TARGET = {
  bucket: "dumps",
  schedule: "0 3 * * *",
  retention: { keepDays: 30, keepAtLeast: 7 },
  recipients: [],
};
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
    const objects = renderBackup(plan, optionsOf(plan), db, TARGET);
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

  it("encrypt with a program that an init container brings, for public keys only", () => {
    const definition = systems["neurascale"];
    assert.ok(definition);
    const plan = planSystem(definition, { ...planSettings(settings, "neurascale"), encryptsDumps: true });
    assert.ok(plan.images.some(({ name }) => name === "age"));
    for (const backup of backedUp(plan)) {
      const objects = renderBackup(plan, optionsOf(plan), backup, {
        ...TARGET,
        recipients: ["age1x", "age1y"],
      });
      for (const object of objects) {
        assert.deepEqual(checkKubernetesObject(object as never), [], object.kind);
      }
      const [dump, restore] = objects
        .filter(({ kind }) => kind === "CronJob")
        .map((one) => JSON.stringify(one));
      for (const job of [dump, restore]) {
        assert.match(job ?? "", /"initContainers":\[\{"name":"age","image":"gcr\.io\/p\/age@/);
      }
      assert.match(dump ?? "", /\{"name":"BACKUP_RECIPIENTS","value":"age1x age1y"\}/);
      assert.doesNotMatch(dump ?? "", /"stdin"/);
      assert.match(restore ?? "", /"stdin":true,"stdinOnce":true/);
      assert.doesNotMatch(restore ?? "", /BACKUP_RECIPIENTS|AGE-SECRET-KEY/);
    }
  });

  it("hold no secret but as a file", () => {
    const plan = planOf("neurascale");
    for (const backup of backedUp(plan)) {
      const objects = renderBackup(plan, optionsOf(plan), backup, TARGET);
      assert.doesNotMatch(JSON.stringify(objects), /<[a-z-]+>/);
    }
  });

  it("are scripts that every sh reads", () => {
    for (const scripts of [POSTGRES, REDIS, NEO4J]) {
      const { dump, restore, recover, switch: switched = "" } = scripts;
      const folder = [folderScript(scripts, "dump"), folderScript(scripts, "restore")];
      for (const script of [dump, restore, recover, switched, ...folder]) {
        execFileSync("sh", ["-n"], { input: script });
      }
    }
  });

  describe("on a folder", () => {
    let folder: string;
    let tools: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "longshore-folder-"));
      tools = mkdtempSync(join(tmpdir(), "longshore-tools-"));
    });
    afterEach(() => {
      [folder, tools].forEach((one) => {
        rmSync(one, { recursive: true, force: true });
      });
    });

    const DUMP = `printf '%s' "$CONTENT" | tee "$0.sent"; sleep "$PAUSE"; [ -z "$FAIL" ] || exit 1
printf 'rows 1\\nsha256 %s\\n' "$(sha256sum < "$0.sent" | cut -d ' ' -f 1)" >&2`;
    const start = (
      purpose: "dump" | "restore",
      store: string,
      env: Readonly<Record<string, string>> = {},
      input = "",
    ) => {
      const path = join(tools, `${randomUUID()}.sh`);
      writeFileSync(path, store);
      const script = folderScript({ extension: "dump" }, purpose)
        .replaceAll(STORE_SCRIPT, path)
        .replaceAll(AGE_PROGRAM, join(__dirname, "../support/age-stand-in.mjs"));
      const all = {
        BACKUP_FOLDER: folder,
        BACKUP_NAME: "shop-db",
        CONTENT: "x",
        PAUSE: "0",
        FAIL: "",
        BACKUP_KEEP_DAYS: "30",
        BACKUP_KEEP_AT_LEAST: "7",
        ...env,
      };
      return new Promise<{ code: number; text: string }>((resolve) => {
        const child = execFile(
          "sh",
          ["-c", script],
          { env: { ...process.env, ...all } },
          (error, out, err) => {
            resolve({ code: error ? (child.exitCode ?? 1) : 0, text: out + err });
          },
        );
        child.stdin?.on("error", () => undefined).end(input);
      });
    };
    const dumps = () =>
      readdirSync(folder)
        .filter((file) => file.endsWith(".dump"))
        .sort();

    it("give the scheduled job and one that a person starts dumps of their own", async () => {
      const made = await Promise.all(
        ["one", "two", "three"].map((content) => start("dump", DUMP, { CONTENT: content, PAUSE: "0.2" })),
      );
      assert.deepEqual(
        made.map(({ code }) => code),
        [0, 0, 0],
        JSON.stringify(made),
      );
      const contents = dumps().map((file) => readFileSync(join(folder, file), "utf8"));
      assert.deepEqual(contents.sort(), ["one", "three", "two"]);
      const numbers = dumps().map((file) => file.slice("shop-db-".length, "shop-db-000000".length));
      assert.equal(new Set(numbers).size, 3, String(numbers));
      execFileSync("sh", ["-c", "sha256sum --check --quiet *.sha256"], { cwd: folder });
      assert.equal(readdirSync(folder).length, 6);
    });

    it("keep nothing of a dump that fails", async () => {
      const { code, text } = await start("dump", DUMP, { FAIL: "yes" });
      assert.notEqual(code, 0);
      assert.match(text, /nothing of this dump was kept/);
      assert.deepEqual(readdirSync(folder), []);
    });

    it("encrypt a dump for its recipients, and restore it with a private key from standard input only", async () => {
      const { generateIdentity, identityToRecipient } = await import("age-encryption");
      const [identity, other] = await Promise.all([generateIdentity(), generateIdentity()]);
      const keys = { BACKUP_RECIPIENTS: await identityToRecipient(identity) };
      await start("dump", DUMP, { CONTENT: "in plain, before there was a key" });
      const { code, text } = await start("dump", DUMP, { ...keys, CONTENT: "needle" });
      assert.equal(code, 0, text);
      const [name = "", ...rest] = readdirSync(folder).filter((file) => file.endsWith(".dump.age"));
      assert.match(name, /^shop-db-000002-/);
      assert.deepEqual(rest, []);
      assert.ok(!readFileSync(join(folder, name)).includes("needle"));
      execFileSync("sh", ["-c", "sha256sum --check --quiet *.sha256"], { cwd: folder });
      const restore = `[ "$(tee "$0.got" | sha256sum | cut -d ' ' -f 1)" = "$DUMP_SHA256" ] && cat "$0.got"; env`;
      const restored = await start("restore", restore, {}, `# a comment of age-keygen\n${identity}\n`);
      assert.equal(restored.code, 0, restored.text);
      assert.match(restored.text, /^needle/m);
      assert.ok(!restored.text.includes(identity), "the key is in a variable of the datastore's script");
      for (const input of ["", "no key\n", `${other}\n`]) {
        const refused = await start("restore", "echo the datastore was touched", {}, input);
        assert.notEqual(refused.code, 0);
        assert.match(refused.text, /the current data is unchanged/);
        assert.doesNotMatch(refused.text, /touched/);
      }
      // An encryption that fails leaves nothing, as a dump that fails does.
      const before = readdirSync(folder);
      for (const env of [{ ...keys, FAIL: "yes" }, { BACKUP_RECIPIENTS: "age1broken" }]) {
        assert.notEqual((await start("dump", DUMP, env)).code, 0);
        assert.deepEqual(readdirSync(folder), before);
      }
    });

    it("delete old dumps after a new one, never the newest, and none when the dump fails", async () => {
      const name = (number: number, day: string) => `shop-db-00000${number}-${day}T020000Z-abcd.dump`;
      // The clock of dump 4 was wrong; its number says that it is newer than dump 3.
      const old = [name(1, "20200101"), name(2, "20200102"), name(3, "29990101"), name(4, "20200104")];
      const others = ["shop-db-20190101T020000Z.dump", "shop-db-2-000001-20200101T020000Z-abcd.dump"];
      [...old, ...others].forEach((file) => {
        writeFileSync(join(folder, file), "x");
        writeFileSync(join(folder, `${file}.sha256`), "x");
      });
      const keep = { BACKUP_KEEP_DAYS: "30", BACKUP_KEEP_AT_LEAST: "2" };
      assert.notEqual((await start("dump", DUMP, { ...keep, FAIL: "yes" })).code, 0);
      assert.equal(dumps().length, 6);
      const { code, text } = await start("dump", DUMP, keep);
      assert.equal(code, 0, text);
      const left = dumps();
      const made = left.find((file) => file.includes("-000005-"));
      assert.deepEqual(left, [name(3, "29990101"), name(4, "20200104"), made, others[1]].sort());
      assert.equal(readdirSync(folder).length, 2 * left.length);
    });

    it("restore the newest by its sequence, not by the clock, and refuse a damaged one", async () => {
      const restore = 'printf "%s:" "$RESTORE_ID"; cat';
      writeFileSync(join(folder, "shop-db-20261121T020000Z.dump"), "from before there were sequences");
      const old = await start("restore", restore);
      assert.match(old.text, /[a-z0-9]{8}:from before/);
      await start("dump", DUMP, { CONTENT: "first" });
      const [, first = ""] = dumps().sort((a, b) => b.localeCompare(a));
      const later = first.replace(/-\d{8}T/, "-29991231T");
      renameSync(join(folder, first), join(folder, later));
      await start("dump", DUMP, { CONTENT: "second" });
      assert.match((await start("restore", restore)).text, /:second/);
      const newest = dumps().find((file) => file.includes("-000002-")) ?? "";
      writeFileSync(join(folder, newest), "secon");
      const damaged = await start("restore", restore);
      assert.notEqual(damaged.code, 0);
      assert.match(damaged.text, /damaged or incomplete; the current data is unchanged/);
    });
  });

  it("go by default in staging and prod to a closed bucket that deletes no complete dump by age", () => {
    assert.deepEqual(settings.backups, {
      schedule: "0 3 * * *",
      keepDays: 30,
      keepAtLeast: 7,
      recipients: [],
      location: "us",
    });
    const values = { domain: "example.com", gcp: { project: "example-dev" } };
    const read = (stack: string, backups?: object) =>
      readSettings({ stack, values: { ...values, ...(backups && { backups }) }, source: "x" }, systems)
        .backups;
    assert.equal(read("dev"), undefined);
    assert.equal(read("prod", { enabled: false }), undefined);
    assert.deepEqual(read("dev", { enabled: true, keepDays: 3, location: "europe" }), {
      schedule: "0 3 * * *",
      keepDays: 3,
      keepAtLeast: 7,
      recipients: [],
      location: "europe",
    });
    assert.throws(() => read("prod", { schedule: "daily" }), /backups\.schedule: expected five fields/);
    const spec = backupBucketSpec("b", { project: "p", location: "us" }, true);
    // An age alone would delete the last dump of a datastore whose dumps fail.
    assert.deepEqual(
      spec.lifecycleRules.filter(({ condition }) => !("matchesPrefixes" in condition)),
      [],
    );
    assert.equal(spec.forceDestroy, false);
    assert.throws(
      () => backupBucketSpec("b", { project: "p", location: "us", keepDays: 0 }, true),
      /keepDays/,
    );
  });
});
