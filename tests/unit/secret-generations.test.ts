import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseValueName } from "../../catalog/generations";
import type { Plan } from "../../catalog/plan";
import { secretsIn } from "../../catalog/plan/resolve";
import { selfSigned } from "../../cli/secrets/certificate";
import { renderKubernetes } from "../../render/kubernetes";
import { readSettings } from "../../settings";
import { malformedSecrets } from "../../settings/secret-values";
import { systems } from "../../stacks";
import { textOptions } from "../support/kubernetes-plan";
import { rotationPlan } from "../support/rotation-sample";

const SECRETS = ["cache-password", "db-admin-password", "db-app-password", "graph-password", "token-keys"];
const at = (number: number, retired?: number) =>
  Object.fromEntries(SECRETS.map((name) => [name, { number, ...(retired !== undefined && { retired }) }]));

function workload(plan: Plan, name: string) {
  return plan.workloads.find((one) => one.name === name);
}

/** Returns the variable and the secrets of each secret file of a workload. */
function files(plan: Plan, name: string): Record<string, string> {
  const found = workload(plan, name)?.secretFiles ?? [];
  return Object.fromEntries(found.map(({ variable, value }) => [variable, secretsIn(value).join(" ")]));
}

describe("generations of secrets", () => {
  it("are part of a value's name from the second on", () => {
    assert.deepEqual(parseValueName("token"), { secret: "token", generation: 1 });
    assert.deepEqual(parseValueName("token@12"), { secret: "token", generation: 12 });
    for (const name of ["token@1", "token@0", "token@", "token@2@3", "token@x"]) {
      assert.equal(parseValueName(name), undefined, name);
    }
  });

  it("give the application another login each time, which the job makes before and ends after", () => {
    const [first, second, third] = [1, 2, 3].map((number) => rotationPlan({ generations: at(number) }));
    assert.ok(first && second && third);
    assert.deepEqual(
      [first, second, third].map((plan) => files(plan, "db-roles")),
      [
        {
          APP_PASSWORD_FILE: "db-app-password",
          MIGRATE_PASSWORD_FILE: "db-migrate-password",
          PGPASSWORD_FILE: "db-admin-password",
        },
        {
          APP_PASSWORD_FILE: "db-app-password@2",
          MIGRATE_PASSWORD_FILE: "db-migrate-password",
          PGPASSWORD_FILE: "db-admin-password@2",
          PREVIOUS_PGPASSWORD_FILE: "db-admin-password",
        },
        {
          APP_PASSWORD_FILE: "db-app-password@3",
          MIGRATE_PASSWORD_FILE: "db-migrate-password",
          PGPASSWORD_FILE: "db-admin-password@3",
          PREVIOUS_PGPASSWORD_FILE: "db-admin-password@2",
        },
      ],
    );
    const roles = (plan: Plan) =>
      workload(plan, "db-roles")
        ?.configFiles.map(({ content }) => content)
        .join("") ?? "";
    assert.match(roles(first), /ALTER ROLE rotating_app_a LOGIN PASSWORD/);
    assert.match(roles(first), /ALTER ROLE rotating_app_b NOLOGIN/);
    assert.match(roles(second), /ALTER ROLE rotating_app_b LOGIN PASSWORD/);
    assert.doesNotMatch(roles(second), /ALTER ROLE rotating_app_a/, "its users keep working");
    assert.match(roles(third), /ALTER ROLE rotating_app_a LOGIN PASSWORD/);
    assert.equal(workload(first, "db-retire"), undefined);
    assert.match(
      workload(second, "db-retire")
        ?.configFiles.map(({ content }) => content)
        .join("") ?? "",
      /ALTER ROLE rotating_app_a NOLOGIN PASSWORD NULL/,
    );
  });

  it("end the value before only after all who use the one in use", () => {
    const plan = rotationPlan({ generations: at(2) });
    for (const [store, first] of [
      ["db", "roles"],
      ["cache", "login"],
      ["graph", "login"],
    ] as const) {
      assert.deepEqual(workload(plan, `${store}-retire`)?.after, [
        { workload: store, condition: "healthy" },
        { workload: `${store}-${first}`, condition: "completed" },
        { workload: "web", condition: "healthy" },
      ]);
    }
    assert.ok(plan.startOrder.indexOf("cache-login") < plan.startOrder.indexOf("web"));
    assert.ok(plan.startOrder.indexOf("web") < plan.startOrder.indexOf("cache-retire"));
  });

  it("of signing keys: the next one is accepted always, the one before until it is retired", () => {
    const accepted = (number: number, retired?: number) =>
      files(rotationPlan({ generations: at(number, retired) }), "web").KEY_ACCEPTED_FILE;
    assert.equal(accepted(1), "token-keys@2");
    assert.equal(accepted(2), "token-keys token-keys@3");
    assert.equal(accepted(2, 1), "token-keys@3");
    assert.equal(accepted(3, 1), "token-keys@2 token-keys@4");
  });

  it("replace no store, neither on Compose nor in a cluster", () => {
    const of = (number: number) => rotationPlan({ generations: at(number), target: "kubernetes" });
    const object = (plan: Plan, name: string) =>
      renderKubernetes(plan, textOptions()).find(
        ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === name,
      );
    for (const store of ["cache", "db", "graph"]) {
      assert.deepEqual(object(of(3), store), object(of(2), store));
      assert.ok(workload(of(2), store)?.secretFiles.every(({ live }) => live));
    }
  });

  it("run new jobs in a cluster, whose names change with the value", () => {
    const jobs = (number: number) =>
      renderKubernetes(rotationPlan({ generations: at(number), target: "kubernetes" }), textOptions())
        .filter(({ kind }) => kind === "Job")
        .map(({ metadata }) => metadata.name);
    assert.deepEqual(
      jobs(2).map((name) => name.replace(/-[0-9a-f]{10}$/, "")),
      ["cache-login", "db-roles", "graph-login", "cache-retire", "db-retire", "graph-retire"],
    );
    assert.deepEqual(
      jobs(2).filter((name) => jobs(3).includes(name)),
      [],
    );
  });

  it("are what config says, or a later one that it holds a value of", () => {
    const { todo, neurascale } = systems;
    assert.ok(todo && neurascale);
    const read = (values: Record<string, unknown>) =>
      readSettings({ stack: "local", values }, { todo, neurascale }).generations;
    assert.deepEqual(read({}), {});
    assert.deepEqual(read({ generations: { todo: { "db-app-password": 2 } } }), {
      todo: { "db-app-password": { number: 2 } },
    });
    assert.deepEqual(
      read({
        generations: { todo: { "db-app-password": { number: 2, since: "2026-01-02" } } },
        secrets: { todo: { "db-app-password": "x", "db-app-password@3": "y" } },
      }),
      { todo: { "db-app-password": { number: 3 } } },
      "the day was the other value's",
    );
    // The last value of a set of keys is the next one.
    assert.deepEqual(read({ secrets: { neurascale: { "jwt-secret": "x", "jwt-secret@2": "y" } } }), {});
    assert.deepEqual(
      read({ secrets: { neurascale: { "gateway-tls-certificate@2": "x", "gateway-tls-key@2": "y" } } }),
      { neurascale: { "gateway-tls": { number: 2 } } },
    );
    assert.throws(
      () => read({ generations: { todo: { "db-ap-password": 2 } } }),
      /generations\.todo\.db-ap-password: unknown key; did you mean db-app-password\?/,
    );
    assert.throws(
      () => read({ secrets: { todo: { "db-app-password@1": "x" } } }),
      /secrets\.todo\.db-app-password@1: unknown key/,
    );
    // The command that removes a value that the system no longer describes.
    assert.throws(
      () => read({ secrets: { todo: { "webhook-url": "x" } } }),
      /remove it: eval "\$\(bin\/longshore env --stack \S+\)"; pulumi config rm --stack \S+ --path 'longshore:secrets\.todo\.webhook-url'/,
    );
  });

  it("name what is malformed before anything is deployed, and never the value", async () => {
    const [pair, other] = await Promise.all([selfSigned(["a"], 1), selfSigned(["b"], 1)]);
    const values: Record<string, string> = {
      "api-key": "a key with a line break at its end\n",
      "db-admin-password": "short",
      "edge-tls-certificate": pair.certificate,
      "edge-tls-key": other.key,
      "graph-password": "a/password",
      "token-keys": "too short to sign with",
      "token-keys@2": "k".repeat(64),
    };
    const problems = malformedSecrets(rotationPlan(), (_system, name) => values[name]);
    assert.deepEqual(
      problems.map(({ path, message }) => `${path}: ${message}`),
      [
        "rotating.secrets.api-key: malformed: expected no space and no line break at its ends",
        "rotating.secrets.db-admin-password: malformed: expected at least 8 characters, got 5",
        "rotating.secrets.edge-tls-key: malformed: expected the key of the certificate beside it, got another one",
        "rotating.secrets.graph-password: malformed: expected a password without /: Neo4j's image splits it there",
        "rotating.secrets.token-keys: malformed: expected at least 32 characters, got 22",
      ],
    );
    const fine = malformedSecrets(rotationPlan(), () => `offline-stand-in-1`);
    assert.deepEqual(fine, []);
  });
});
