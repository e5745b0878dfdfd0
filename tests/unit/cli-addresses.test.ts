import assert from "node:assert/strict";
import { planSystem } from "../../catalog/plan";
import { signInHints } from "../../cli/engine/addresses";
import { systems } from "../../stacks";

describe("The sign-in hints of `up`", () => {
  const hints = (name: string, skippedServices: readonly string[] = []) => {
    const definition = systems[name];
    assert.ok(definition);
    const plan = planSystem(definition, {
      environment: "local",
      target: "compose",
      monitoring: { scrapeSeconds: 15 },
      skippedServices,
    });
    return signInHints(plan, definition, "local");
  };

  it("name the user and the command that shows the password, and no value", () => {
    assert.deepEqual(hints("neurascale"), [
      "neurascale: sign in as operator; the password: bin/longshore secrets show neurascale.operator-password --stack local",
    ]);
    assert.deepEqual(hints("monitoring"), [
      "monitoring: sign in as admin; the password: bin/longshore secrets show monitoring.grafana-admin-password --stack local",
    ]);
  });

  it("leave out a password whose service does not run", () => {
    assert.deepEqual(hints("monitoring", ["grafana"]), []);
    assert.deepEqual(hints("todo"), []);
  });
});
