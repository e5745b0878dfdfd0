import assert from "node:assert/strict";
import { it } from "mocha";
import type { Planner } from "../../offline/planner";
import { merge, type Properties } from "../../offline/values";

export const subject = (type: string, inputs: Properties) => ({
  type,
  name: "thing",
  urn: `urn:pulumi:prod::test::${type}::thing`,
  inputs,
  config: { project: "acme-prod", region: "us-central1" },
});
export const problems = (planner: Planner, type: string, inputs: Properties): string[] =>
  planner.check(subject(type, inputs)).map(({ property, reason }) => `${property}: ${reason}`);

/** A rule with valid inputs, and a change that makes them invalid. */
export function rule(
  planner: Planner,
  type: string,
  good: Properties,
  bad: Properties,
  message: RegExp,
): void {
  it(`${type.split(":").pop() ?? ""}: ${message.source}`, () => {
    assert.deepEqual(problems(planner, type, good), []);
    const found = problems(planner, type, merge(good, bad));
    assert.ok(
      found.some((text) => message.test(text)),
      `expected ${message.source}, got ${JSON.stringify(found)}`,
    );
  });
}
