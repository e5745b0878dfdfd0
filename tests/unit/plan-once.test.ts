import assert from "node:assert/strict";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { planOnce } from "../../catalog/plan/once";
import { loadPlans } from "../../cli/support/plans";
import { systems } from "../../stacks";

/** A planner that counts its plans. */
function counting() {
  const plan = (...args: Parameters<typeof planSystem>) => {
    plan.count += 1;
    return planSystem(...args);
  };
  plan.count = 0;
  return plan;
}

/** A definition that no other test has planned. */
function definition() {
  const { todo } = systems;
  assert.ok(todo);
  return { ...todo };
}

const LOCAL: PlanSettings = { environment: "local", target: "compose", secretsSet: ["openai-api-key"] };

describe("planOnce", () => {
  it("plans a system once for equal settings, in any order of their keys", () => {
    const plan = counting();
    const todo = definition();
    const first = planOnce(todo, LOCAL, plan);
    const { environment, ...others } = LOCAL;
    assert.equal(planOnce(todo, { ...others, environment }, plan), first);
    assert.equal(plan.count, 1);
    assert.deepEqual(first, planSystem(todo, LOCAL));
  });

  it("plans again for other settings", () => {
    const plan = counting();
    const todo = definition();
    planOnce(todo, LOCAL, plan);
    const without = planOnce(todo, { ...LOCAL, secretsSet: [] }, plan);
    assert.equal(plan.count, 2);
    assert.deepEqual(without, planSystem(todo, { ...LOCAL, secretsSet: [] }));
  });

  it("makes the plans of a command: loading them twice plans once", () => {
    const [first, second] = [loadPlans("prod"), loadPlans("prod", [], { profiles: [], skippedServices: {} })];
    assert.ok(first.plans.length > 1);
    first.plans.forEach((plan, index) => {
      assert.equal(second.plans[index], plan);
    });
  });
});
