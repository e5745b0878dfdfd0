import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import type { PlanValue } from "../../catalog/plan/types";
import { ENVIRONMENTS } from "../../catalog/types";
import { readSettings } from "../../settings/read";
import { planSettings } from "../../settings";
import { systems } from "../../stacks";

/** The known text of a value; a late part is shown by its kind. */
function shown(value: PlanValue): string {
  if (typeof value === "string") {
    return value;
  }
  return value.late === "text" ? value.parts.map(shown).join("") : `<${value.late}>`;
}

describe("Clients of Cloud SQL", () => {
  for (const environment of ENVIRONMENTS) {
    it(`verify the instance's own CA in ${environment}, in every system`, () => {
      const values = {
        environment,
        target: "gcp",
        domain: "example.com",
        gcp: { project: "acme-prod" },
        // Cloud SQL does not offer TimescaleDB.
        neurascale: { datastores: { db: { kind: "container" } } },
      };
      const settings = readSettings({ stack: "some", values }, systems);
      let clients = 0;
      for (const name of settings.systems) {
        const definition = systems[name];
        assert.ok(definition);
        const { workloads, secrets } = planSystem(definition, planSettings(settings, name));
        for (const workload of workloads) {
          const files = new Map(workload.secretFiles.map(({ path, value }) => [path, value]));
          const texts = [...workload.env, ...workload.secretFiles].map(({ value }) => shown(value));
          for (const text of texts.filter((one) => /^postgresql:/.test(one) && one.includes("<host>"))) {
            const [, path = ""] = /\?sslmode=verify-ca&sslrootcert=([^&]+)$/.exec(text) ?? [];
            const authority = files.get(path);
            assert.ok(
              authority !== undefined && typeof authority === "object",
              `${name}/${workload.name}: ${text}`,
            );
            assert.ok(authority.late === "secret");
            assert.equal(secrets.find((one) => one.name === authority.secret)?.from, "service");
            clients++;
          }
        }
      }
      assert.ok(clients > 0);
    });
  }

  it("verify it in the job that manages the roles, whose libpq reads the variables", () => {
    const definition = system("sample", ({ postgres }) => {
      postgres("db", { version: 17, database: "sample", storage: "10Gi" });
    });
    const { workloads } = planSystem(definition, { environment: "prod", target: "gcp" });
    const roles = workloads.find(({ name }) => name === "db-roles");
    assert.equal(roles?.env.find(({ name }) => name === "PGSSLMODE")?.value, "verify-ca");
    assert.deepEqual(
      roles.secretFiles.find(({ variable }) => variable === "PGSSLROOTCERT"),
      {
        name: "db.ca",
        variable: "PGSSLROOTCERT",
        path: "/run/secrets/db.ca",
        value: { late: "secret", secret: "db-ca" },
      },
    );
  });

  it("have no TLS and no certificate where the database is a container", () => {
    const definition = systems.todo;
    assert.ok(definition);
    const { workloads } = planSystem(definition, { environment: "dev", target: "compose" });
    assert.deepEqual(
      workloads.flatMap(({ secretFiles }) => secretFiles.filter(({ path }) => path.endsWith(".ca"))),
      [],
    );
  });
});
