import assert from "node:assert/strict";
import { planSystem } from "../../catalog/plan";
import { kubernetesOptions } from "../../cli/documents/kubernetes";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { backedUp, renderBackup } from "../../render/backup/objects";
import { renderKubernetes, type KubernetesObject } from "../../render/kubernetes";
import { todo } from "../../stacks/todo";
import { textOptions } from "../support/kubernetes-plan";

type Objects = readonly KubernetesObject<string>[];

const accountsOf = (objects: Objects) => objects.filter(({ kind }) => kind === "ServiceAccount");
const others = (objects: Objects) =>
  objects.filter(
    ({ kind, metadata }) =>
      kind !== "ServiceAccount" && !(kind === "Secret" && metadata.name === "registry-login"),
  );

describe("with what pods pull", () => {
  const plan = planSystem(todo, { environment: "staging", target: "kubernetes", domain: "example.com" });
  const pullLogin = '{"auths":{}}';
  const given = renderKubernetes(plan, textOptions({ pullLogin }));
  const without = renderKubernetes(plan, textOptions());

  it("is one Secret of the namespace, before anything that runs", () => {
    const index = given.findIndex(({ metadata }) => metadata.name === "registry-login");
    const secret = given[index];
    assert.ok(secret);
    assert.ok(index < given.findIndex(({ kind }) => kind === "ServiceAccount"));
    assert.equal(secret.kind, "Secret");
    assert.equal(secret.metadata.namespace, "todo");
    assert.equal(secret["type"], "kubernetes.io/dockerconfigjson");
    assert.deepEqual(secret["stringData"], { ".dockerconfigjson": pullLogin });
    assert.deepEqual(checkKubernetesObject(secret as never), []);
  });

  it("is named by every account, of backups too, and by no pod", () => {
    const backups = backedUp(plan).flatMap((one) =>
      renderBackup(plan, textOptions({ pullLogin }), one, {
        bucket: "dumps",
        schedule: "0 3 * * *",
        retention: { keepDays: 30, keepAtLeast: 7 },
        recipients: [],
      }),
    );
    const accounts = accountsOf([...given, ...backups]);
    assert.ok(accounts.some(({ metadata }) => metadata.name === "db-dump"));
    assert.ok(accounts.some(({ metadata }) => metadata.name === "db"));
    for (const account of accounts) {
      assert.deepEqual(account["imagePullSecrets"], [{ name: "registry-login" }], account.metadata.name);
      assert.deepEqual(checkKubernetesObject(account as never), []);
    }
    assert.deepEqual(others(given), others(without));
  });

  it("is left out where nodes pull by themselves", () => {
    assert.doesNotMatch(JSON.stringify(without), /registry-login|imagePullSecrets|dockerconfigjson/);
  });

  it("has a placeholder in documents", () => {
    const render = (registryLogin?: boolean) =>
      JSON.stringify(
        renderKubernetes(
          plan,
          kubernetesOptions(plan, {
            target: "kubernetes",
            lifecycle: "retain",
            ...(registryLogin && { registryLogin }),
          }),
        ),
      );
    assert.match(render(true), /"\.dockerconfigjson":"<login of the registry>"/);
    assert.doesNotMatch(render(), /login of the registry/);
  });
});
