import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { rehearsalDocument } from "../../cli/backup/rehearsal-document";
import { rehearsalSummary } from "../../cli/backup/rehearsal-summary";
import type { Document } from "../../providers/compose/inputs";

const DOCUMENT: Document = {
  name: "todo-local",
  services: {
    db: {
      image: "postgres:17",
      ports: ["127.0.0.1:5432:5432"],
      networks: ["default", "metrics"],
      volumes: ["db_data:/var/lib/postgresql/data"],
      restart: "unless-stopped",
      secrets: ["db_password"],
    },
    migrate: {
      image: "todo/backend",
      networks: ["default"],
      depends_on: { db: { condition: "service_healthy" } },
    },
    backend: { image: "todo/backend", ports: ["127.0.0.1:8080:8080"] },
  },
  networks: { default: { name: "todo-local" }, metrics: { name: "longshore-metrics", external: true } },
  volumes: { db_data: { name: "todo-local_db_data" } },
  secrets: { db_password: { file: "./secrets/db_password" } },
};

describe("Rehearsal document", () => {
  const copy = rehearsalDocument(DOCUMENT, "db", ["migrate", "gone"]) as Document;

  it("has the datastore and its jobs, and nothing else of the system", () => {
    assert.deepEqual(Object.keys(copy.services), ["db", "migrate"]);
    assert.equal(copy.services["db"]?.image, "postgres:17");
    assert.deepEqual(copy["secrets"], DOCUMENT["secrets"]);
  });

  it("never uses a volume, a network or a port of the system", () => {
    const text = JSON.stringify(copy);
    assert.doesNotMatch(text, /todo-local|longshore-metrics|external|127\.0\.0\.1/);
    assert.deepEqual(copy.volumes, { db_data: {} });
    assert.deepEqual(copy.networks, { rehearsal: { internal: true } });
    for (const service of Object.values(copy.services)) {
      assert.deepEqual(service.networks, ["rehearsal"]);
      assert.equal(service.restart, "no");
    }
  });
});

describe("Rehearsal summary", () => {
  it("shows rows, recovery time and age of each dump, and what failed", () => {
    const done = {
      system: "todo",
      store: "db",
      file: "todo-db-000042-20261121T020000Z.dump.age",
      rows: 50,
      jobs: ["db-roles", "migrate"],
      ageSeconds: 90,
      seconds: 8.5,
    };
    const failed = { system: "nexus", store: "db", message: "migrate failed\n  relation `a|b` <exists>" };
    assert.deepEqual(rehearsalSummary("prod", [done], [failed]).split("\n"), [
      "## Restores of stack prod, rehearsed",
      "",
      "| datastore | dump | rows or keys | jobs | time (RTO) | age of the dump (RPO) |",
      "| --- | --- | --- | --- | --- | --- |",
      "| todo/db | todo-db-000042-20261121T020000Z.dump.age | 50 | db-roles, migrate | 8.5 s | 1 min 30 s |",
      "| nexus/db | **failed**: migrate failed · relation \\`a\\|b\\` \\<exists\\> |  |  |  |  |",
      "",
      "",
    ]);
  });
});
