import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import type { PostgresExtension } from "../../catalog/types";

const sample = (extensions: PostgresExtension[]) =>
  system("sample", ({ postgres, service, upstream }) => {
    const db = postgres("db", { extensions });
    service("web", {
      image: upstream("web", "python:3.13-slim", { runtime: "python" }),
      env: { DATABASE_URL: db.url },
      resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
    });
  });

describe("the image of a PostgreSQL", () => {
  const cases: [PostgresExtension[], "compose" | "gcp", string, number][] = [
    [[], "compose", "postgres:17", 999],
    [["pg_trgm"], "compose", "postgres:17", 999],
    [["vector"], "compose", "pgvector/pgvector:0.8.0-pg17", 999],
    [["timescaledb"], "compose", "timescale/timescaledb:2.19.3-pg17", 70],
    // The server is Google's; only the job that keeps its roles runs here.
    [["vector"], "gcp", "postgres:17", 999],
  ];
  for (const [extensions, target, reference, user] of cases) {
    it(`with ${extensions.join() || "nothing"} on ${target}: ${reference}, user ${user}, also for its job`, () => {
      const { images, workloads } = planSystem(sample(extensions), { environment: "prod", target });
      const image = images.find(({ name }) => name === "db");
      assert.deepEqual(image?.source, { kind: "upstream", reference });
      const users = workloads.filter((one) => one.image === "db").map((one) => one.user);
      assert.ok(users.length > 0);
      assert.deepEqual(new Set(users), new Set([user]));
    });
  }

  it("there is none for two extensions of different makers", () => {
    assert.deepEqual(
      checkSystem(sample(["vector", "timescaledb"])).map(
        ({ path, message, fix }) => `${path}: ${message}; ${fix ?? ""}`,
      ),
      ["sample.db.extensions: no published image has both vector and timescaledb; use a datastore for each"],
    );
  });
});
