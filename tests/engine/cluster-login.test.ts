import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { after, before, describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import { planSettings, readSettings } from "../../settings";
import { todo } from "../../stacks/todo";
import { deployCluster } from "../../targets/cluster";
import { CloudStack } from "../support/cloud-stack";

const USERNAME = "robot$acme+longshore";

/** Deploys AI todo on an existing cluster, with images in a registry that requires authentication. */
function programWith(password: string | undefined) {
  return (): Promise<Record<string, unknown>> => {
    const values = {
      target: "kubernetes",
      domain: "example.com",
      cluster: { context: "harbour" },
      registry: "harbor.example.com/acme",
      secrets: { todo: { "openai-api-key": "sk-of-the-test" } },
      ...(password !== undefined && { registryLogin: { username: USERNAME, password } }),
    };
    const settings = readSettings({ stack: "prod", values }, { todo });
    const outputs = deployCluster([planSystem(todo, planSettings(settings, "todo"))], {
      settings,
      secretValue: (_system, name) =>
        name === "openai-api-key" ? pulumi.secret("sk-of-the-test") : undefined,
      ...(password !== undefined && {
        registryLogin: { username: pulumi.secret(USERNAME), password: pulumi.secret(password) },
      }),
      describeSource: ({ context }) => ({ hash: context.replace(/\W/g, "").padEnd(64, "0") }),
    });
    return Promise.resolve(outputs);
  };
}

describe("a login for the registry, over stand-ins for a cluster", function () {
  this.timeout(240_000);
  const FIRST = "first/ä7+9f3Q?x==&leak-detector";
  const SECOND = "second/ä7+9f3Q?x==&leak-detector";
  let stack: CloudStack;

  before(async () => {
    stack = await CloudStack.open({ allowApply: true });
    assert.deepEqual((await stack.upProgram(programWith(undefined))).errors, []);
  });
  after(() => stack.close());

  it("is in order by the policies", async () => {
    assert.deepEqual((await stack.previewProgram(programWith(FIRST))).errors, []);
  });

  it("comes to every account and image, and to no pod", async () => {
    const accounts = ["backend", "db", "db-roles", "frontend", "migrate"];
    const images = ["todo-backend-build", "todo-frontend-build", "upstream-postgres-17-copy"];
    const { changes, errors } = await stack.upProgram(programWith(FIRST));
    assert.deepEqual(errors, []);
    assert.deepEqual(
      changes,
      [
        "create todo-secret",
        ...accounts.map((name) => `update todo-${name}-service-account`),
        ...images.map((name) => `update ${name}`),
      ].sort(),
    );
    assert.deepEqual(await stack.upProgram(programWith(FIRST)), { changes: [], errors: [], failed: false });
  });

  it("changes one Secret when the password does: no image is built and no pod is replaced", async () => {
    const { changes, errors } = await stack.upProgram(programWith(SECOND));
    assert.deepEqual(errors, []);
    assert.deepEqual(changes, [
      "create-replacement todo-secret",
      "delete-replaced todo-secret",
      "replace todo-secret",
    ]);
  });

  it("is in no state and no output", async () => {
    const held = (await stack.secretValues()).join("\n");
    assert.ok(
      held.includes(SECOND) && held.includes("harbor.example.com"),
      "the login is no secret of the state",
    );
    const written = (await stack.stateFiles()) + stack.printed;
    for (const value of [USERNAME, FIRST, SECOND, `${USERNAME}:${FIRST}`, `${USERNAME}:${SECOND}`]) {
      for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)]) {
        assert.ok(!written.includes(form), "the login is written somewhere");
      }
    }
  });
});
