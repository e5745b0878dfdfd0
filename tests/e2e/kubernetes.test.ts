import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { ClusterNamespace } from "../support/cluster-namespace";
import { ClusterStack, STACK, startNode, stopNode, type LabNode } from "../support/cluster-node";
import { eventually } from "../support/end-to-end";
import { underLoad, type Counted } from "../support/load";

interface Planned {
  readonly status: string;
  readonly summary: Readonly<Record<string, number>>;
  readonly changes: readonly { name: string; operation: string; state: string }[];
}

const NEEDLE = "sk-needle-7f3a";

describe("AI todo on a real Kubernetes node", function () {
  this.timeout(900_000);
  this.bail(true);

  let node: LabNode;
  let stack: ClusterStack;
  let todo: ClusterNamespace;

  before(async () => {
    node = await startNode();
    todo = new ClusterNamespace(node, "todo");
    stack = await ClusterStack.open({
      system: "todo",
      settings: ["longshore:environment: staging", "longshore:lifecycle: ephemeral"],
      patienceMs: 240_000,
    });
    const { code, stderr } = await stack.longshoreWith(NEEDLE, "secrets", "set", "todo.openai-api-key");
    assert.equal(code, 0, stderr);
  });

  after(async () => {
    stack.close();
    await stopNode();
  });

  const up = () => stack.json<Planned>("up", "--yes");
  const addressOf = async (service: string) => `http://${await todo.addressOf(service)}`;
  const loseNothing = (what: string, { sent, failed }: Counted) => {
    console.log(`      ${what}: ${sent} requests sent, ${failed.length} failed`);
    assert.ok(sent > 50, `only ${sent} requests were sent`);
    assert.deepEqual(failed, []);
  };

  it("comes up: images in the registry, database, jobs, then services that are ready", async () => {
    const { status, summary } = await up();
    assert.equal(status, "ok");
    assert.ok((summary.create ?? 0) > 30, JSON.stringify(summary));
    const { unready, images } = await todo.pods();
    assert.deepEqual(unready, []);
    for (const image of images) {
      assert.match(image, /^127\.0\.0\.1:5000\/.+@sha256:[0-9a-f]{64}$/);
    }
    const rolledOutPods = async () => {
      await todo.rolledOut("backend");
      return todo.podsOf("backend");
    };
    await eventually("the autoscaler has made a second pod", rolledOutPods, {
      until: (pods) => pods.length === 2,
    });
  });

  it("serves through its Services, down to the database", async () => {
    const backend = await addressOf("backend");
    const added = await fetch(`${backend}/api/todos`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "Moor the ship" }),
    });
    assert.equal(added.status, 201, await added.text());
    assert.ok((await fetch(await addressOf("frontend"))).ok);
  });

  it("finds nothing to do the second time, nor in what really runs", async () => {
    const { summary, changes } = await up();
    assert.deepEqual(changes, [], JSON.stringify(summary));
    const { code, stdout } = await stack.longshore("preview", "--refresh", "--expect-no-changes");
    assert.equal(code, 0, stdout);
  });

  it("is looked at and acted on with the commands of this machine", async () => {
    const { services, absent } = await stack.json<{
      services: readonly { service: string; kind: string; health: string; exitCode: number }[];
      absent: readonly unknown[];
    }>("status");
    assert.deepEqual(absent, []);
    const sick = services.filter(({ kind, health, exitCode }) =>
      kind === "job" ? exitCode !== 0 : health !== "healthy",
    );
    assert.deepEqual(sick, []);
    assert.equal((await stack.longshore("health")).code, 0);
    const logs = await stack.longshore("logs", "todo/backend", "--tail", "5");
    assert.equal(logs.code, 0, logs.stderr);
    assert.match(logs.stdout, /^backend-\w+-\w+ \| \{/m);
    const print = "import sys; print(6 * 7); sys.exit(3)";
    // What follows the two dashes is the command's, the stack that is added at the end too.
    const words = ["todo/backend", "--", "python", "-c", print];
    const ran = await stack.longshore("exec", "--stack", STACK, ...words);
    assert.deepEqual([ran.stdout.trim(), ran.code], ["42", 3], ran.stderr);
  });

  it("loses no request while a service is restarted", async () => {
    const before = await todo.podsOf("backend");
    const load = await underLoad(`${await addressOf("backend")}/api/todos`, async () => {
      const { code, stdout, stderr } = await stack.longshore("restart", "todo/backend");
      assert.equal(code, 0, stdout + stderr);
    });
    loseNothing("restart", load);
    // A pod that has left the rollout still ends its requests.
    await eventually("the old pods have ended", () => todo.podsOf("backend"), {
      until: (now) => now.length === 2 && !now.some((pod) => before.includes(pod)),
    });
  });

  it("has autoscalers with values, budgets and policies", async () => {
    const utilization = "jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}";
    await eventually(
      "the autoscaler knows a value",
      () => todo.kubectl("get", "hpa", "backend", "--output", utilization),
      { until: (value) => /^\d+$/.test(value) },
    );
    assert.equal(
      await todo.kubectl(
        "get",
        "poddisruptionbudget",
        "backend",
        "--output",
        "jsonpath={.status.disruptionsAllowed}",
      ),
      "1",
    );
    assert.ok((await todo.names("networkpolicies")).length > 3);
  });

  it("loses no request while a setting is rolled out", async () => {
    const before = await todo.podsOf("backend");
    await stack.config("longshore:todo.settings.logLevel", "warning");
    const url = `${await addressOf("backend")}/api/todos`;
    // The load continues until the old pods have ended.
    const rollOut = async () => {
      await up();
      await eventually("the old pods have ended", () => todo.podsOf("backend"), {
        until: (now) => now.length === 2 && !now.some((pod) => before.includes(pod)),
      });
    };
    loseNothing("rolling update", await underLoad(url, rollOut));
  });

  it("loses no request when a pod is deleted", async () => {
    const [pod = ""] = await todo.podsOf("backend");
    const url = `${await addressOf("backend")}/api/todos`;
    const load = await underLoad(url, async () => {
      await todo.kubectl("delete", pod);
      await todo.rolledOut("backend");
    });
    loseNothing("pod deleted", load);
  });

  /** Deploys an image that exits immediately, under load, and then the correct image again. */
  async function bringUpBroken(
    dockerfile: string,
    entrypoint: string,
    service: string,
    patienceMs: number,
  ): Promise<string> {
    const before = stack.checkout.read(dockerfile);
    stack.checkout.write(dockerfile, `${before}\nENTRYPOINT ${entrypoint}\n`);
    stack.patience(patienceMs);
    let said = "";
    const load = await underLoad(service, async () => {
      const { code, stdout, stderr } = await stack.longshore("up", "--yes");
      said = stdout + stderr;
      assert.equal(code, 1, said);
    });
    stack.checkout.write(dockerfile, before);
    stack.patience(240_000);
    loseNothing("broken image", load);
    return said;
  }

  it("stops before the services when a job fails, and the old version serves on", async () => {
    const said = await bringUpBroken(
      "services/todo/backend/Dockerfile",
      '["python", "-c", "raise SystemExit(3)"]',
      `${await addressOf("backend")}/api/todos`,
      180_000,
    );
    assert.match(said, /Job migrate-\w+ is not ready: BackoffLimitExceeded/);
    assert.match(said, /migrate: exited with code 3/);
    assert.doesNotMatch(said, /todo-backend-deployment/);
  });

  it("fails for an image that cannot start, says why, and the old version serves on", async () => {
    const said = await bringUpBroken(
      "services/todo/frontend/Dockerfile",
      '["node", "-e", "process.exit(3)"]',
      `${await addressOf("frontend")}/api/health`,
      45_000,
    );
    assert.match(said, /Deployment frontend is not ready/);
    assert.match(said, /frontend: .*exited with code 3/);
    assert.equal((await up()).status, "ok");
    await todo.rolledOut("frontend");
  });

  it("keeps the secret out of every object but the Secret, and out of the state", async () => {
    const objects = await todo.kubectl("get", "all,configmaps,networkpolicies,ingresses", "--output", "yaml");
    assert.doesNotMatch(objects, new RegExp(NEEDLE));
    assert.doesNotMatch(stack.stateText(), new RegExp(NEEDLE));
  });

  it("leaves nothing when it is brought down", async () => {
    const { code, stdout, stderr } = await stack.longshore("down", "--yes");
    assert.equal(code, 0, stdout + stderr);
    const namespaces = await node.kubectl("get", "namespaces", "--output", "name");
    assert.doesNotMatch(namespaces, /todo/);
    const rest = "persistentvolumes,validatingadmissionpolicies,validatingadmissionpolicybindings";
    await eventually("disks are gone", () => node.kubectl("get", rest, "--output", "name"), {
      until: (left) => left === "",
    });
  });
});
