import assert from "node:assert/strict";
import { LATE, rules, stackRules } from "../../policy/rules";
import { cluster, EXAMPLES, facts, namespace, pod, sql, type Fields } from "../support/policy-examples";

describe("Policies", () => {
  it("have unique names and examples for every rule", () => {
    const names = rules.map(({ name }) => name);
    assert.deepEqual([...names].sort(), Object.keys(EXAMPLES).sort());
    const all = [...names, ...stackRules.map(({ name }) => name)];
    assert.equal(new Set(all).size, all.length);
  });

  for (const { name, check } of rules) {
    const examples = EXAMPLES[name] ?? { passes: [], fails: [] };
    it(`${name} accepts resources that satisfy it`, () => {
      assert.ok(examples.passes.length > 0);
      examples.passes.forEach((resource) => {
        assert.deepEqual(check(resource), []);
      });
    });

    it(`${name} reports the path, the expected and the actual value of a violation`, () => {
      assert.ok(examples.fails.length > 0);
      examples.fails.forEach(([resource, expected]) => {
        const found = check(resource).join("\n");
        assert.match(found, expected);
        assert.doesNotMatch(found, /hunter2/, "the value of a secret is repeated");
      });
    });
  }

  it("accept unknown values and check the known ones next to them", () => {
    const unknown = [
      sql({ ipv4Enabled: LATE }),
      cluster({ privateClusterConfig: LATE }),
      pod({ security: { runAsUser: LATE } }),
    ];
    unknown.forEach((resource) => {
      assert.deepEqual(
        rules.flatMap(({ check }) => check(resource)),
        [],
      );
    });
    const half = sql({ ipv4Enabled: LATE, sslMode: "NONE" });
    assert.match(rules.flatMap(({ check }) => check(half)).join("\n"), /sslMode/);
  });

  it("require a NetworkPolicy in each namespace that denies by default", () => {
    const check = stackRules[0].check;
    const place = namespace({});
    const policy = (spec: Fields) =>
      facts("kubernetes:networking.k8s.io/v1:NetworkPolicy", { metadata: { namespace: "todo" }, spec });
    const types = ["Ingress", "Egress"];
    assert.deepEqual(check([place, policy({ podSelector: {}, policyTypes: types })]), []);
    assert.match(check([place])[0]?.message ?? "", /namespace "todo": expected a NetworkPolicy/);
    assert.equal(check([place, policy({ podSelector: {}, policyTypes: ["Ingress"] })]).length, 1);
    const allowing = policy({ podSelector: {}, policyTypes: types, ingress: [{}] });
    assert.equal(check([place, allowing]).length, 1);
  });
});
