import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { findProblems } from "../../cli/support/plans";
import { readSettings } from "../../settings";
import { systems } from "../../stacks";

describe("cli: validate", () => {
  const problems = (...chosen: string[]) =>
    findProblems("qa", () =>
      readSettings(
        { stack: "qa", values: { domain: "example.com", gcp: { project: "example-qa" }, systems: chosen } },
        systems,
      ),
    ).map(({ message }) => message);

  it("holds against an environment only what runs there", () => {
    assert.deepEqual(problems("todo"), []);
    assert.match(problems("todo", "neurascale").join(), /Cloud SQL does not offer the extension timescaledb/);
  });
});
