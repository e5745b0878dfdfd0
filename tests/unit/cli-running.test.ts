import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { composeProjectName } from "../../tools/compose-project-name";
import { ensureInstallation } from "../../tools/installation";
import { Checkout } from "../support/checkout";
import { setSystems } from "../support/two-systems";

describe("cli: what runs, with a stand-in for docker", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  let bin: string;

  before(() => {
    checkout = new Checkout();
    bin = join(checkout.folder, "bin");
    mkdirSync(bin);
    ensureInstallation({ ...process.env, XDG_DATA_HOME: checkout.dataHome });
    copyFileSync(join(__dirname, "../support/fake-docker.cjs"), join(bin, "docker"));
    chmodSync(join(bin, "docker"), 0o755);
  });
  after(() => {
    checkout.remove();
  });

  /** Sets up running containers as `system/service`, and the systems in the state. */
  function machine({ runs, state }: { runs: readonly string[]; state: readonly string[] }): void {
    const env = { ...process.env, XDG_DATA_HOME: checkout.dataHome };
    const containers = runs.map((text, index) => {
      const [system = "", service = ""] = text.split("/");
      return { id: `c${index}`, system, service, project: composeProjectName(system, "local", env) };
    });
    const others = [{ id: "x1", system: "", service: "web", project: "other-local" }];
    writeFileSync(join(bin, "containers.json"), JSON.stringify([...containers, ...others]));
    const folder = join(checkout.data, "state/.pulumi/stacks/longshore");
    mkdirSync(folder, { recursive: true });
    const resources = state.map((name) => ({
      urn: `urn:pulumi:local::longshore::compose:index:Project::${name}`,
      type: "compose:index:Project",
    }));
    writeFileSync(join(folder, "local.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  }

  const longshore = (...args: string[]) =>
    checkout.runWith(
      { PATH: `${bin}:${process.env["PATH"] ?? ""}`, DOCKER_HOST: "unix:///nowhere.sock" },
      "bin/longshore",
      ...args,
    );
  const todoRuns = ["todo/backend", "todo/frontend", "todo/db", "todo/edge"];

  it("shows a system that was never brought up as not up, and calls only what was asked for unwell", async () => {
    setSystems(checkout, ["todo", "notes"]);
    machine({ runs: todoRuns, state: ["todo"] });
    const status = await longshore("status");
    assert.match(status.stdout, /^notes +not up$/m);
    assert.match(status.stdout, /^todo\/backend +running/m);
    const health = await longshore("health");
    assert.match(health.stdout, /^notes +not up$/m);
    assert.match(health.stdout, /^all healthy$/m);
    assert.equal(health.code, 0, health.stderr);
    const asked = await longshore("health", "--system", "notes");
    assert.equal(asked.code, 1);
  });

  it("calls a system unwell that was brought up and is gone, in status and health", async () => {
    machine({ runs: todoRuns, state: ["notes", "todo"] });
    assert.match((await longshore("status")).stdout, /^notes\/backend +does not run$/m);
    const health = await longshore("health");
    assert.match(health.stdout, /^notes\/backend +not healthy +does not run$/m);
    assert.equal(health.code, 1);
  });

  it("is not healthy when nothing is up", async () => {
    machine({ runs: [], state: [] });
    const health = await longshore("health");
    assert.match(health.stdout, /^nothing runs on stack local/m);
    assert.equal(health.code, 1);
  });

  it("takes the one system that is up when several have a service of that name", async () => {
    machine({ runs: todoRuns, state: ["todo"] });
    const exec = await longshore("exec", "db", "--", "psql");
    assert.match(exec.stdout, /^compose --project-name todo-local\S* exec --no-TTY db psql$/m);
    assert.match((await longshore("logs", "backend")).stdout, /todo-local\S* logs --tail 200 backend/);
    machine({ runs: [...todoRuns, "notes/db"], state: ["notes", "todo"] });
    const both = await longshore("exec", "db", "--", "psql");
    assert.equal(both.code, 2);
    assert.match(both.stderr, /several systems have a service db: say notes\/db or todo\/db/);
  });

  it("looks at what a system out of the catalog left running, with a warning", async () => {
    setSystems(checkout, ["todo"]);
    checkout.presetLocal(
      "config:\n  longshore:ports:\n    notes: 8090\n  longshore:secrets:\n    notes:\n      db-admin-password:\n        secure: v1:x\n",
    );
    machine({ runs: [...todoRuns, "notes/backend"], state: ["notes", "todo"] });
    const status = await longshore("status");
    assert.equal(status.code, 0, status.stderr);
    assert.match(status.stdout, /^notes\/backend +running/m);
    assert.match(
      status.stderr,
      /settings of systems that are not in stacks\/index\.ts: ports\.notes, secrets\.notes/,
    );
    assert.match(
      status.stderr,
      /notes is no system of stack local any more.*bin\/longshore down --system notes/,
    );
    const health = await longshore("health", "--system", "notes");
    assert.equal(health.code, 0, health.stderr);
    const logs = await longshore("logs", "notes/backend");
    assert.match(logs.stdout, /notes-local\S* logs --tail 200 backend/);
    const json = await longshore("status", "--json");
    assert.equal((JSON.parse(json.stdout) as { services: unknown[] }).services.length, 5);
  });
});
