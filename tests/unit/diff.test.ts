import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createColors } from "picocolors";
import { compareStacks, textOf, type StackDifference } from "../../diff";
import { change, DEPLOYMENT, pod, resource, SQL, stack } from "../support/diff-samples";

const PLAIN = createColors(false);

describe("diff: what differs", () => {
  it("passes over the order of what has names", () => {
    const [a, b] = [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ];
    assert.deepEqual(change(DEPLOYMENT, pod({ env: [a, b] }), pod({ env: [b, a] })), []);
  });

  it("keeps the order of words", () => {
    const [found] = change(DEPLOYMENT, pod({ args: ["a", "b"] }), pod({ args: ["b", "a"] }));
    assert.deepEqual(
      found?.properties.map(({ path }) => path),
      ["spec.template.spec.containers.backend.args.0", "spec.template.spec.containers.backend.args.1"],
    );
  });

  it("passes over what only follows from something else", () => {
    const annotated = (sum: string) => ({
      spec: { template: { metadata: { annotations: { "longshore/secrets-checksum": sum } } } },
    });
    assert.deepEqual(change(DEPLOYMENT, annotated("1"), annotated("2")), []);
  });

  it("compares rules of a policy by what they allow, in whatever order and form", () => {
    const port = fc.constantFrom(80, 443, 8000, 5432);
    const peer = fc.constantFrom("a", "b", "c").map((name) => ({
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": "todo-prod" },
      },
    }));
    const rule = fc.record({
      from: fc.uniqueArray(peer, { minLength: 1, selector: (one) => JSON.stringify(one) }),
      ports: fc.uniqueArray(
        port.map((number) => ({ port: number })),
        { minLength: 1, selector: (one) => one.port },
      ),
    });
    const policy = (ingress: unknown[]) => ({ spec: { ingress } });
    const KIND = "networking.k8s.io/v1/NetworkPolicy";
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.nat(), (rules, seed) => {
        const single = rules.flatMap(({ from, ports }) =>
          from.flatMap((f) => ports.map((p) => ({ from: [f], ports: [p] }))),
        );
        assert.deepEqual(change(KIND, policy(rules), policy([...single].reverse())), []);
        const kept = rules.filter((_, index) => index !== seed % rules.length);
        const [fewer] = change(KIND, policy(rules), policy(kept));
        assert.deepEqual(fewer?.dangers ?? [], [], "what is closed is called opened");
      }),
    );
    const [opened] = change(
      KIND,
      policy([{ from: [], ports: [{ port: 80 }] }]),
      policy([{ ports: [{ port: 22 }] }]),
    );
    assert.deepEqual(
      opened?.properties.map(({ path, kind }) => `${kind} ${path}`),
      ["add spec.ingress from anywhere, TCP 22", "remove spec.ingress from anywhere, TCP 80"],
    );
  });

  it("shows the lines of a text that differ, and their order only where nothing else does", () => {
    const text = (sql: string) => ({ data: { sql } });
    const told = (a: string, b: string) => {
      const [found] = change("v1/ConfigMap", text(a), text(b));
      return found ? textOf([{ stack: "prod", differences: [found] }], PLAIN).slice(2) : [];
    };
    assert.deepEqual(told("a\nb\n", "a\nc\n"), ["       data.sql b is gone", "       data.sql c is new"]);
    assert.match(told("a\nb\n", "b\na\n").join(), /data\.sql as a whole: \w{7} → \w{7}/);
  });

  it("says a new image by the sources, and short paths", () => {
    const image = (hash: string) => pod({ image: `todo/backend:src-${hash}` });
    const [found] = change(DEPLOYMENT, image("91be07aaaa"), image("4f2c1abbbb"));
    assert.ok(found);
    assert.deepEqual(textOf([{ stack: "prod", differences: [found] }], PLAIN), [
      "prod: 1 change",
      "   ~ update    todo/backend Deployment",
      "       containers.backend.image: new build of 4f2c1ab (was 91be07a)",
    ]);
  });

  it("tells creation, change, replacement and deletion apart", () => {
    assert.equal(change(SQL, undefined, {})[0]?.operation, "create");
    assert.equal(
      change(SQL, { settings: { tier: "a" } }, { settings: { tier: "b" } })[0]?.operation,
      "update",
    );
    assert.equal(change(SQL, { region: "a" }, { region: "b" })[0]?.operation, "replace");
    assert.equal(change(SQL, {}, undefined)[0]?.operation, "delete");
    assert.deepEqual(change(SQL, { region: "a" }, { region: "a" }), []);
  });

  it("says that a job runs again, which is no danger", () => {
    const [found] = change("batch/v1/Job", pod({ image: "a:src-1111111" }), pod({ image: "a:src-2222222" }));
    assert.ok(found);
    assert.deepEqual(found.dangers, []);
    assert.deepEqual(textOf([{ stack: "dev", differences: [found] }], PLAIN).slice(1), [
      "   ~ run again todo/backend Job",
      "       containers.backend.image: new build of 2222222 (was 1111111)",
    ]);
  });

  it("knows an environment that comes or goes", () => {
    const all = stack(resource(DEPLOYMENT, {}), resource(SQL, {}, "db"));
    const operations = (of: StackDifference) => of.differences.map(({ operation }) => operation);
    assert.deepEqual(operations(compareStacks(undefined, all)), ["create", "create"]);
    assert.deepEqual(operations(compareStacks(all, undefined)), ["delete", "delete"]);
  });
});
