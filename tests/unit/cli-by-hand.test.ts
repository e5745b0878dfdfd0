import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemsByHand } from "../../cli/engine/by-hand";
import { holdingStack } from "../../providers/compose/stack-lock";
import type { ResourceHandler } from "../../providers/compose/server";
import { Checkout } from "../support/checkout";

describe("systems of a run by hand", () => {
  const settings = {
    stack: "local",
    systems: ["imaging", "nexus", "todo"],
    secretsSet: { nexus: ["token"], todo: ["db-app-password"] },
  };
  const nothing = { isChosen: false, deployed: [] };

  it("are those that are deployed, also if another one has secrets", () => {
    assert.deepEqual(systemsByHand(settings, { isChosen: false, deployed: ["todo", "removed"] }), ["todo"]);
  });

  it("are those that have secrets after `down`", () => {
    assert.deepEqual(systemsByHand(settings, nothing), ["nexus", "todo"]);
  });

  it("are all on the first run", () => {
    assert.deepEqual(systemsByHand({ ...settings, secretsSet: {} }, nothing), settings.systems);
  });

  it("are those of the stack file if it names them, and on a stack that has a file in the checkout", () => {
    assert.deepEqual(systemsByHand(settings, { isChosen: true, deployed: ["todo"] }), settings.systems);
    const site = { ...settings, stack: "site" };
    assert.deepEqual(systemsByHand(site, { isChosen: false, deployed: ["todo"] }), settings.systems);
  });
});

describe("the program of a run by hand", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  before(() => {
    checkout = new Checkout();
  });
  after(() => {
    checkout.remove();
  });
  /** Runs the program as the language host does, for a stack and with a backend. */
  const runProgram = async (backend: string, isDryRun = true) => {
    const script = `require("./index.cjs")().catch((error) => {
      console.log(require("@pulumi/pulumi").RunError.isInstance(error), error.message);
    });`;
    const env = {
      PULUMI_NODEJS_PROJECT: "longshore",
      PULUMI_NODEJS_STACK: "local",
      PULUMI_NODEJS_DRY_RUN: String(isDryRun),
      PULUMI_BACKEND_URL: backend,
    };
    return (await checkout.runWith(env, process.execPath, "-e", script)).stdout;
  };

  it("refuses another backend, which would get a second state of the same containers", async () => {
    assert.match(
      await runProgram("https://api.pulumi.com"),
      /^true PULUMI_BACKEND_URL: expected file:.*\/state, the backend of stack local, got https:.*; fix: eval "\$\(bin\/longshore env --stack local\)"\n$/,
    );
  });

  it("refuses to deploy beside an interrupted restore, which only longshore completes", async () => {
    const folder = join(checkout.data, "restores", "local");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "todo.db.json"), "{}");
    assert.equal(
      await runProgram(`file://${checkout.data}/state`, false),
      "true todo/db: the restore was interrupted; fix: bin/longshore recover --stack local\n",
    );
  });
});

describe("the Compose provider", () => {
  it("holds the stack's lock before every change, and changes nothing without it", async () => {
    const calls: string[] = [];
    const note = (what: string) => () => {
      calls.push(what);
      return Promise.resolve({} as never);
    };
    const handler: ResourceHandler = {
      version: "1",
      check: note("check"),
      diff: note("diff"),
      create: note("create"),
      update: note("update"),
      read: note("read"),
      delete: note("delete"),
    };
    const call = { stack: "local", log: {} as never, signal: new AbortController().signal };
    const held = holdingStack(
      handler,
      async (stack) => void calls.push(`lock ${await Promise.resolve(stack)}`),
    );
    await held.read("id", {}, call);
    await held.create({}, call);
    await held.update("id", {}, {}, call);
    await held.delete("id", {}, call);
    assert.deepEqual(calls, ["read", "lock local", "create", "lock local", "update", "lock local", "delete"]);
    calls.length = 0;
    const refused = holdingStack(handler, () => Promise.reject(new Error("held by another command")));
    await assert.rejects(refused.create({}, call), /held by another command/);
    await assert.rejects(refused.update("id", {}, {}, call), /held by another command/);
    await assert.rejects(refused.delete("id", {}, call), /held by another command/);
    assert.deepEqual(calls, []);
  });
});
