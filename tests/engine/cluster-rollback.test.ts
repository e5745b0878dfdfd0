import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { CloudCheckout } from "../support/cloud-checkout";

describe("going back on a cluster, over stand-ins for it", function () {
  this.timeout(300_000);
  this.bail(true);
  let checkout: CloudCheckout;
  const commits: Record<string, string> = {};
  const up = (...args: string[]) =>
    checkout.cloud("bin/longshore", "up", "--stack", "prod", "--yes", ...args);
  /** Commits a change of the backend's log level. */
  const level = (name: string, from: string) => {
    checkout.edit("stacks/todo.ts", `setting("logLevel", "${from}"`, `setting("logLevel", "${name}"`);
    commits[name] = checkout.commit(`Log from ${name} on`);
  };

  before(async () => {
    checkout = await new CloudCheckout().open();
    await checkout.initProd();
  });
  after(() => {
    checkout.close();
  });

  it("has nowhere to go before the second deployment, and says so", async () => {
    const { code, stderr } = await checkout.cloud("bin/longshore", "rollback", "--stack", "prod", "--yes");
    assert.equal(code, 2);
    assert.match(stderr, /stack prod: no earlier deployment of a whole commit is known/);
  });

  it("deploys the last good commit again when pods do not become ready, and fails all the same", async () => {
    level("warning", "info");
    assert.equal((await up("--rollback-on-failure")).code, 0);
    assert.equal(await checkout.deployedLogLevel(), "warning");
    level("error", "warning");
    // The stand-in rejects only the new pods, so that the former ones can be restored.
    checkout.breaks = ({ name, inputs }) =>
      name === "todo-backend-deployment" && JSON.stringify(inputs).includes('"value":"error"')
        ? "the pods do not become ready"
        : undefined;
    const { code, stderr } = await up("--rollback-on-failure");
    assert.equal(code, 1);
    assert.match(stderr, /rolling back to \w+ of [\d-]+: Log from warning on/);
    assert.match(
      stderr,
      new RegExp(`error: up failed; stack prod runs ${commits.warning?.slice(0, 7)} again`),
    );
    assert.equal(await checkout.deployedLogLevel(), "warning");
    assert.equal(checkout.git("worktree", "list").trim().split("\n").length, 1, "a worktree was left");
    assert.equal(checkout.git("status", "--porcelain"), "");
  });

  it("says so when going back fails as well", async () => {
    checkout.edit("stacks/todo.ts", "scale: { min: 2,", "scale: { min: 3,");
    checkout.commit("Run three at least");
    checkout.breaks = ({ name, inputs }) =>
      name === "todo-backend-horizontal-pod-autoscaler" ||
      (name === "todo-backend-deployment" && JSON.stringify(inputs).includes('"value":"warning"'))
        ? "the node is full"
        : undefined;
    const { code, stderr } = await up("--rollback-on-failure");
    assert.equal(code, 1);
    assert.match(stderr, /error: up failed, and so did the rollback to \w+; fix both/);
    checkout.breaks = undefined;
  });

  it("asks first, and is refused where it means nothing", async () => {
    const asked = await checkout.cloud("bin/longshore", "rollback", "--stack", "prod");
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /to go ahead, add --yes/);
    const local = await checkout.longshore("up", "--rollback-on-failure");
    assert.equal(local.code, 2);
    assert.match(local.stderr, /--rollback-on-failure is for clusters/);
    const none = await checkout.longshore("rollback");
    assert.match(none.stderr, /one system at a time goes back: --system/);
  });

  it("goes back by hand, by the settings of that time", async () => {
    assert.equal((await up()).code, 0);
    assert.equal(await checkout.deployedLogLevel(), "error");
    const { code, stdout, stderr } = await checkout.cloud(
      "bin/longshore",
      "rollback",
      "--stack",
      "prod",
      "--yes",
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, new RegExp(`back to ${commits.warning?.slice(0, 7)} of`));
    assert.equal(await checkout.deployedLogLevel(), "warning");
  });

  it("brings no secret back that was rotated since", async () => {
    const rotated = await checkout.cloud(
      "bin/longshore",
      ...["secrets", "rotate", "todo.db-app-password", "--stack", "prod"],
    );
    assert.equal(rotated.code, 0, rotated.stderr);
    checkout.commit("Rotate the password of the application");
    assert.equal((await up()).code, 0);
    assert.deepEqual([await checkout.deployedLogLevel(), await checkout.databaseLogin()], ["error", "b"]);

    const back = await checkout.cloud("bin/longshore", "rollback", "--stack", "prod", "--yes");
    assert.equal(back.code, 0, back.stdout + back.stderr);
    assert.deepEqual([await checkout.deployedLogLevel(), await checkout.databaseLogin()], ["warning", "b"]);

    const further = await checkout.cloud("bin/longshore", "rollback", "--stack", "prod");
    assert.doesNotMatch(further.stderr, /back to .* Rotate/, "going back counts as a deployment of a commit");
  });
});
