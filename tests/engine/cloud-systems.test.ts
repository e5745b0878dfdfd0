import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readStackFile } from "../../settings";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";
import { CloudStack, OPENAI_KEY, type CloudInputs } from "../support/cloud-stack";

const SYSTEMS = ["imaging", "neurascale", "nexus", "orchestrator", "todo"];
const NOTHING = { changes: [], errors: [], failed: false };

/** Returns the inputs of `Pulumi.prod.yaml` with a test's changes. */
function prod(values: Record<string, unknown> = {}, rest: CloudInputs = {}): CloudInputs {
  const { values: file } = readStackFile(repoRoot(), "prod");
  return { definitions: systems, values: { ...file, ...values }, ...rest };
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** The CA of Cloud SQL and of Memorystore, as the offline provider invents it: in a client's Secret, and public. */
const PUBLIC = new Set(["assumed certificate"]);

describe("the five systems of prod over offline providers", function () {
  this.timeout(240_000);
  this.bail(true);
  let stack: CloudStack;

  before(async () => {
    stack = await CloudStack.open({ allowApply: true });
  });
  after(() => stack.close());

  it("leaves a state to go on from when it is killed in the middle", async () => {
    const { failed } = await stack.upKilled(prod(), 200);
    assert.equal(failed, true);
    const created = (await stack.resources()).length;
    assert.ok(created > 50, `only ${created} resources`);
    const recovered = await stack.recover();
    assert.equal(recovered.failed, false, recovered.errors.join("\n"));
    assert.equal(await stack.pendingOperations(), 0);
  });

  it("completes what was begun, and makes nothing twice", async () => {
    const before = new Map((await stack.resources()).map(({ urn, id }) => [urn, id]));
    const { changes, errors, failed } = await stack.up(prod());
    assert.equal(failed, false, errors.join("\n"));
    assert.deepEqual(
      changes.filter((change) => !change.startsWith("create ")),
      [],
    );
    const after = await stack.resources();
    for (const { urn, id } of after) {
      assert.ok(!before.has(urn) || before.get(urn) === id, `${nameOf(urn)} was made again`);
    }
    const roots = after.filter(({ type }) => type === "longshore:system:System");
    assert.deepEqual(roots.map(({ urn }) => nameOf(urn)).sort(), SYSTEMS);
    const names = new Set(after.map(({ urn }) => nameOf(urn)));
    const dashboards = SYSTEMS.map((system) => `${system}-dashboard`);
    const dumps = ["backups-bucket", "neurascale-db-backup-cron-job", "nexus-state-backup-cron-job-2"];
    for (const name of [...dashboards, ...dumps]) {
      assert.ok(names.has(name), `there is no ${name}`);
    }
  });

  it("has nothing to do the second time, and finds no drift", async () => {
    assert.deepEqual(await stack.up(prod()), NOTHING);
    assert.deepEqual(await stack.refresh(), NOTHING);
  });

  it("changes only what a setting is about", async () => {
    const values = { nexus: { settings: { logLevel: "debug" } } };
    const { changes, errors } = await stack.preview(prod(values));
    assert.deepEqual(errors, []);
    assert.ok(changes.length > 0);
    const others = changes.filter((change) => !/^update nexus-\w+-deployment$/.test(change));
    assert.deepEqual(others, []);
  });

  it("adds partitions to a topic in place, and rejects removing any", async () => {
    const withPartitions = (partitions: number): CloudInputs => {
      const { neurascale } = systems;
      assert.ok(neurascale);
      const datastores = neurascale.datastores.map((one) =>
        one.kind === "kafka"
          ? { ...one, topics: { ...one.topics, samples: { ...one.topics.samples, partitions } } }
          : one,
      );
      return prod({}, { definitions: { ...systems, neurascale: { ...neurascale, datastores } } });
    };
    const more = await stack.preview(withPartitions(12));
    assert.deepEqual([more.changes, more.errors], [["update neurascale-kafka-topic-samples"], []]);
    const fewer = await stack.preview(withPartitions(3));
    assert.equal(fewer.failed, true);
    assert.match(fewer.errors.join("\n"), /Kafka cannot remove partitions: expected at least 6, got 3/);
  });

  it("keeps every secret out of the state and the output, raw and in base64", async () => {
    const secrets = await stack.secretValues();
    assert.ok(secrets.includes(OPENAI_KEY));
    const [state, printed] = [await stack.stateFiles(), stack.printed];
    // Short or public texts are not confidential, even inside a secret value.
    const sensitive = secrets.filter((value) => value.length >= 16 && !PUBLIC.has(value));
    assert.ok(sensitive.length >= 20, `only ${sensitive.length} secrets found`);
    for (const value of sensitive) {
      for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)]) {
        // The beginning tells which of these invented values it is.
        assert.ok(!state.includes(form), `a secret is in the state: ${value.slice(0, 12)}…`);
        assert.ok(!printed.includes(form), `a secret was printed: ${value.slice(0, 12)}…`);
      }
    }
  });

  it("refuses to destroy what is protected: data, images, the cluster", async () => {
    const before = await stack.resources();
    const { errors, failed } = await stack.previewDestroy();
    assert.equal(failed, true);
    assert.match(errors.join("\n"), /protect/);
    const kept = before.filter(({ protect }) => protect).map(({ urn }) => nameOf(urn));
    for (const name of ["neurascale-kafka-cluster", "neurascale-db-stateful-set", "nexus-db-instance"]) {
      assert.ok(kept.includes(name), `${name} is not protected: ${kept.join(", ")}`);
    }
    assert.equal((await stack.resources()).length, before.length);
  });

  it("destroys all of an environment that is not protected", async () => {
    const ephemeral = await stack.up(prod({ lifecycle: "ephemeral" }));
    assert.equal(ephemeral.failed, false, ephemeral.errors.join("\n"));
    const { failed, errors } = await stack.destroy();
    assert.equal(failed, false, errors.join("\n"));
    assert.deepEqual(await stack.resources(), []);
  });
});
