import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { renderCompose } from "../../render/compose";
import type { PlannedProbe } from "../../catalog/plan/types";
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

describe("the health of a PostgreSQL", () => {
  const { workloads } = planSystem(sample([]), { environment: "prod", target: "kubernetes" });
  const { live, ready } = workloads.find(({ kind }) => kind === "store")?.probes ?? {};

  /** Returns the exit code of the probe for an exit code of pg_isready. */
  const ends = (probe: PlannedProbe | undefined, code: number) => {
    assert.ok(probe?.check.kind === "exec");
    const [program = "", ...args] = probe.check.command;
    const folder = mkdtempSync(join(tmpdir(), "longshore-"));
    writeFileSync(
      join(folder, "pg_isready"),
      `#!/bin/sh\n[ "$1 $2 $3" = "-q -h 127.0.0.1" ] && exit ${code}\nexit 9\n`,
      { mode: 0o755 },
    );
    const { status } = spawnSync(program, args, {
      env: { PATH: [folder, process.env.PATH].join(delimiter) },
    });
    rmSync(folder, { recursive: true });
    return status;
  };

  it("tolerates WAL replay in the liveness probe, reports not ready meanwhile, and restarts a hanging server", () => {
    const [accepts, rejects, silent] = [0, 1, 2];
    assert.deepEqual(
      [accepts, rejects, silent].map((code) => ends(ready, code)),
      [0, 1, 2],
    );
    assert.deepEqual(
      [accepts, rejects, silent].map((code) => ends(live, code)),
      [0, 0, 1],
    );
  });
});

describe("the image of a PostgreSQL", () => {
  const cases: [PostgresExtension[], "compose" | "gcp", string, number][] = [
    [[], "compose", "postgres:17", 999],
    [["pg_trgm"], "compose", "postgres:17", 999],
    [["vector"], "compose", "pgvector/pgvector:0.8.0-pg17", 999],
    [["timescaledb"], "compose", "timescale/timescaledb:2.19.3-pg17", 70],
    // Google runs the server; only the job that manages its roles runs here.
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

describe("the major version of a PostgreSQL", () => {
  const planned = (extensions: PostgresExtension[], version?: 17 | 18) =>
    planSystem(sample(extensions), {
      environment: "local",
      target: "compose",
      datastores: { db: { version } },
    });

  it("is the description's, unless the environment has a version of its own", () => {
    assert.equal(planned([]).datastores[0]?.version, 17);
    const { datastores, images, workloads } = planned(["vector"], 18);
    assert.equal(datastores[0]?.version, 18);
    assert.deepEqual(images.find(({ name }) => name === "db")?.source, {
      kind: "upstream",
      reference: "pgvector/pgvector:0.8.1-pg18",
    });
    const store = workloads.find(({ kind }) => kind === "store") ?? assert.fail();
    assert.deepEqual(store.volumes[0]?.holds, { kind: "postgres", version: "18" });
    // The folder that the image declares as a volume, owned by its user.
    assert.equal(store.volumes[0].path, "/var/lib/postgresql");
    assert.ok(
      store.env.some(({ name, value }) => name === "PGDATA" && value === "/var/lib/postgresql/pgdata"),
    );
  });

  it("has a volume of its own in Compose", () => {
    const volumesOf = (version: 17 | 18) => {
      const options = { project: "sample-local", imageReference: () => "image", edgePort: 8080 };
      const { document } = renderCompose(planned([], version), options);
      return [
        Object.keys(document.volumes ?? {}),
        document.services["db"]?.volumes?.map(({ source }) => source),
      ];
    };
    assert.deepEqual(volumesOf(17), [["db_data"], ["db_data"]]);
    assert.deepEqual(volumesOf(18), [["db_data-18"], ["db_data-18"]]);
  });

  it("is checked against the extensions", () => {
    assert.throws(
      () => planned(["timescaledb"], 18),
      /datastores\.db\.version: expected 17 with the extension timescaledb, got 18/,
    );
  });
});
