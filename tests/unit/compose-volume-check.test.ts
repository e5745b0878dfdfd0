import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Document } from "../../providers/compose/inputs";
import {
  compareVersions,
  dataProblem,
  volumesOf,
  wantedData,
  type HeldData,
  type WantedData,
} from "../../providers/compose/volume-check";

const VOLUME = "todo-local_db_data";

function wanted(kind: string, version: string, volume = VOLUME): WantedData {
  return { system: "todo", service: "db", volume, kind, version };
}

const postgres = (version: string): WantedData =>
  wanted("postgres", version, version === "17" ? VOLUME : `${VOLUME}-${version}`);

describe("Data of a volume", () => {
  const problem = (one: WantedData, held: Readonly<Record<string, HeldData>>) =>
    dataProblem(one, new Map(Object.entries(held)));

  it("is described by a label of the volume", () => {
    const labels = { "longshore.data": "postgres 17", "longshore.workload": "db" };
    const mounts = { volumes: [{ type: "volume", source: "db_data", target: "/x" }] };
    const document: Document = {
      services: { db: { labels: { "longshore.system": "todo" }, ...mounts }, sidecar: mounts },
      volumes: { db_data: { labels }, files: {} },
    };
    assert.deepEqual(wantedData({ project: "todo-local", document }), [wanted("postgres", "17")]);
  });

  it("of another major version of PostgreSQL is refused with the command that moves it", () => {
    assert.equal(
      problem(postgres("18"), { [VOLUME]: { kind: "postgres", version: "17" } }),
      `todo.db.version: expected 17, because volume ${VOLUME} holds PostgreSQL 17 data, got 18; ` +
        "fix: bin/longshore upgrade todo/db --to 18",
    );
    const downgrade = problem(postgres("17"), { [`${VOLUME}-18`]: { kind: "postgres", version: "18" } });
    assert.match(downgrade ?? "", /expected 18, because .* got 17; fix: describe version 18/);
  });

  it("of the same major version of PostgreSQL, or none, is accepted", () => {
    assert.equal(problem(postgres("17"), { [VOLUME]: { kind: "postgres", version: "17" } }), undefined);
    assert.equal(problem(postgres("18"), {}), undefined);
  });

  it("from before an upgrade is accepted only after the way back", () => {
    const held: Record<string, HeldData> = {
      [VOLUME]: { kind: "postgres", version: "17", replacedBy: `${VOLUME}-18` },
      [`${VOLUME}-18`]: { kind: "postgres", version: "18" },
    };
    assert.equal(problem(postgres("18"), held), undefined);
    assert.match(
      problem(postgres("17"), held) ?? "",
      /expected 18 .* got 17, .*fix: .*upgrade todo\/db --back/,
    );
    // The volume of the new version was deleted by hand: an empty database must not take its place.
    const lost = { [VOLUME]: { kind: "postgres", version: "17", replacedBy: `${VOLUME}-18` } };
    assert.match(problem(postgres("18"), lost) ?? "", /expected 17, because/);
  });

  it("that an upgrade has not finished copying is refused, and ignored beside the current data", () => {
    const held: Record<string, HeldData> = {
      [VOLUME]: { kind: "postgres", version: "17" },
      [`${VOLUME}-18`]: { kind: "postgres", version: "18", isIncomplete: true },
    };
    assert.match(problem(postgres("18"), held) ?? "", /fix: bin\/longshore recover/);
    assert.equal(problem(postgres("17"), held), undefined);
  });

  for (const [kind, older, newer] of [
    ["redis", "7", "8"],
    ["kafka", "4.1.1", "4.2.0"],
    ["neo4j", "5.25", "5.26"],
  ] as const) {
    it(`of ${kind} is upgraded in place and never downgraded`, () => {
      assert.equal(problem(wanted(kind, newer), { [VOLUME]: { kind, version: older } }), undefined);
      assert.match(
        problem(wanted(kind, older), { [VOLUME]: { kind, version: newer } }) ?? "",
        new RegExp(`^todo\\.db\\.version: expected ${newer} or newer, .* got ${older}; fix: `),
      );
      assert.equal(problem(wanted(kind, older), {}), undefined);
    });
  }

  it("of another major version of Neo4j is refused", () => {
    const text = problem(wanted("neo4j", "2025.10"), { [VOLUME]: { kind: "neo4j", version: "5.26" } });
    assert.match(text ?? "", /neo4j-admin database migrate/);
  });

  it("has a volume per major version of PostgreSQL", () => {
    const all = [VOLUME, `${VOLUME}-18`, `${VOLUME}-18x`, `${VOLUME}base-18`, "todo-local_cache_data"];
    assert.deepEqual(volumesOf(postgres("18"), all), [VOLUME, `${VOLUME}-18`]);
    assert.deepEqual(volumesOf(wanted("redis", "7", "todo-local_cache_data"), all), [
      "todo-local_cache_data",
    ]);
  });

  it("compares versions by their numbers", () => {
    assert.ok(compareVersions("5.9", "5.26") < 0);
    assert.ok(compareVersions("4.1.1", "4.1") > 0);
    assert.equal(compareVersions("17", "17"), 0);
  });
});
