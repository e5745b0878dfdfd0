import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createColors } from "picocolors";
import {
  compareStacks,
  MARKER,
  markdownOf,
  textOf,
  type DescribedResource,
  type DescribedStack,
  type ResourceDifference,
  type StackDifference,
} from "../../diff";

const PLAIN = createColors(false);
const DEPLOYMENT = "apps/v1/Deployment";
const SQL = "gcp:sql/databaseInstance:DatabaseInstance";

function resource(type: string, properties: Record<string, unknown>, name = "backend"): DescribedResource {
  return { system: "todo", type, name, properties };
}

function stack(...resources: DescribedResource[]): DescribedStack {
  return { stack: "prod", lifecycle: "retain", resources };
}

/** What changes when one resource has other properties. */
function change(
  type: string,
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): ResourceDifference[] {
  // The workload that it belongs to stays as it is.
  const of = (properties: Record<string, unknown> | undefined) =>
    stack(resource("apps/v1/DaemonSet", {}), ...(properties ? [resource(type, properties)] : []));
  return [...compareStacks(of(before), of(after)).differences];
}

const pod = (container: Record<string, unknown>, spec: Record<string, unknown> = {}) => ({
  spec: { ...spec, template: { spec: { containers: [{ name: "backend", ...container }] } } },
});

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

describe("diff: what is dangerous", () => {
  const POLICY = "networking.k8s.io/v1/NetworkPolicy";
  const scale = (minReplicas: number) => ({ spec: { minReplicas } });
  const limits = (memory?: string) => pod({ resources: { limits: { cpu: "1", memory } } });
  const ports = (...list: number[]) => ({ spec: { ingress: list.map((port) => ({ ports: [{ port }] })) } });
  const root = (readOnlyRootFilesystem: boolean) => pod({ securityContext: { readOnlyRootFilesystem } });

  /** A change, and what is said of it; undefined where nothing is to be said. */
  const cases: [
    what: string,
    type: string,
    Record<string, unknown> | undefined,
    Record<string, unknown> | undefined,
    RegExp | undefined,
  ][] = [
    [
      "a replaced database",
      SQL,
      { region: "a" },
      { region: "b" },
      /data is lost .*blocked by lifecycle: retain/,
    ],
    ["a deleted namespace", "v1/Namespace", {}, undefined, /everything in it is lost/],
    ["a database that is new", SQL, undefined, {}, undefined],
    ["a deleted deployment", DEPLOYMENT, {}, undefined, undefined],
    ["an opened port", POLICY, ports(80), ports(80, 22), /who may connect/],
    ["a closed port", POLICY, ports(80, 22), ports(80), undefined],
    ["a policy that goes", POLICY, ports(80), undefined, /nothing says any more/],
    ["a removed limit", DEPLOYMENT, limits("1Gi"), limits(), /memory has no limit any more/],
    ["a higher limit", DEPLOYMENT, limits("1Gi"), limits("2Gi"), undefined],
    ["a writable root", DEPLOYMENT, root(true), root(false), /may do more .*readOnlyRootFilesystem/],
    ["a read-only root", DEPLOYMENT, root(false), root(true), undefined],
    ["one copy only", "autoscaling/v2/HorizontalPodAutoscaler", scale(2), scale(1), /every restart is a gap/],
    ["more copies", "autoscaling/v2/HorizontalPodAutoscaler", scale(2), scale(3), undefined],
    ["no copy", DEPLOYMENT, { spec: { replicas: 2 } }, { spec: { replicas: 0 } }, /stops serving/],
    ["a budget that goes", "policy/v1/PodDisruptionBudget", {}, undefined, /stop all of its copies/],
    [
      "a public service",
      "v1/Service",
      { spec: { type: "ClusterIP" } },
      { spec: { type: "LoadBalancer" } },
      /outside/,
    ],
    [
      "a route that is new",
      "networking.k8s.io/v1/Ingress",
      { spec: { rules: [{ host: "a" }] } },
      { spec: { rules: [{ host: "a" }, { host: "b" }] } },
      /an address that is new/,
    ],
    ["protection off", SQL, { deletionProtection: true }, { deletionProtection: false }, /switched off/],
    ["protection on", SQL, { deletionProtection: false }, { deletionProtection: true }, undefined],
    [
      "another machine",
      SQL,
      { settings: { tier: "db-custom-1-3840" } },
      { settings: { tier: "db-custom-2-7680" } },
      /the database restarts/,
    ],
    [
      "one zone only",
      SQL,
      { settings: { availabilityType: "REGIONAL" } },
      { settings: { availabilityType: "ZONAL" } },
      /loss of a zone/,
    ],
    ["a store that restarts", "apps/v1/StatefulSet", pod({ image: "a" }), pod({ image: "b" }), /only copy/],
    [
      "a database's role that may do more",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nSELECT 1;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\nSELECT 1;\n" } },
      /a role may do more/,
    ],
    [
      "a role that may do less",
      "v1/ConfigMap",
      { data: { sql: "GRANT SELECT ON a TO app;\nGRANT ALL ON b TO app;\n" } },
      { data: { sql: "GRANT SELECT ON a TO app;\n" } },
      undefined,
    ],
    [
      "a public address that is new",
      "v1/Service",
      undefined,
      { spec: { type: "LoadBalancer" } },
      /opens an address/,
    ],
    ["an ingress that is new", "networking.k8s.io/v1/Ingress", undefined, {}, /opens an address/],
    ["a service that is new", "v1/Service", undefined, { spec: { type: "ClusterIP" } }, undefined],
    [
      "a deployment that is made again",
      DEPLOYMENT,
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      /away until the new one/,
    ],
    ["topics that go", "gcp:managedkafka/topic:Topic", {}, undefined, /every message in it is lost/],
    [
      "gaps in rollouts",
      DEPLOYMENT,
      {},
      { spec: { strategy: { type: "Recreate" } } },
      /every rollout is a gap/,
    ],
  ];

  for (const [what, type, before, after, expected] of cases) {
    it(`${what}: ${expected ? "said" : "nothing to say"}`, () => {
      const [found] = change(type, before, after);
      assert.ok(found);
      if (expected) {
        assert.match(found.dangers.join("; "), expected);
      } else {
        assert.deepEqual(found.dangers, []);
      }
    });
  }

  it("is not what goes together with its workload, nor what a new environment opens", () => {
    const parts = [
      resource(POLICY, {}),
      resource("policy/v1/PodDisruptionBudget", {}),
      resource(DEPLOYMENT, {}),
    ];
    const dangers = ({ differences }: StackDifference) => differences.flatMap((one) => one.dangers);
    assert.deepEqual(dangers(compareStacks(stack(...parts), stack())), []);
    const ingress = resource("networking.k8s.io/v1/Ingress", {});
    assert.deepEqual(dangers(compareStacks(undefined, stack(ingress))), []);
    const others = resource(POLICY, {}, "default-deny");
    assert.equal(dangers(compareStacks(stack(others, ...parts), stack(...parts))).length, 1);
  });

  it("comes first", () => {
    const before = stack(resource("v1/Service", { a: 1 }, "a"), resource(SQL, { region: "a" }, "z"));
    const after = stack(resource("v1/Service", { a: 2 }, "a"), resource(SQL, { region: "b" }, "z"));
    assert.deepEqual(
      compareStacks(before, after).differences.map(({ name }) => name),
      ["z", "a"],
    );
  });
});

describe("diff: as a comment", () => {
  const difference = (dangers: string[], path = "spec.a", after = "b"): ResourceDifference => ({
    operation: "update",
    system: "todo",
    type: DEPLOYMENT,
    name: "backend",
    properties: [{ path, kind: "change", before: "a", after, replaces: false }],
    dangers,
  });

  it("begins with the mark by which it is found again, and says when nothing changes", () => {
    const text = markdownOf([{ stack: "prod", differences: [] }]);
    assert.equal(text, `${MARKER}\n### No environment changes\n`);
  });

  it("shows dangers in the open and the rest folded", () => {
    const text = markdownOf([
      { stack: "dev", differences: [] },
      { stack: "prod", differences: [difference(["it stops serving"]), difference([])] },
    ]);
    assert.match(text, /^### prod: 2 changes, 1 dangerous$/m);
    assert.match(text, /^No changes: dev\.$/m);
    assert.match(text, /\| ~ update \| `todo\/backend` Deployment \| it stops serving<br>`a: a → b` \|/);
    assert.match(text, /<details><summary>prod: all 2 changes<\/summary>\n\n```diff\n! update todo\/backend/);
  });

  it("lets no value break out of the table or the block", () => {
    const text = markdownOf([
      { stack: "prod", differences: [difference(["x"], "spec.a", "|`</details>`|```")] },
    ]);
    const [row] = /^\| ~ update.*$/m.exec(text) ?? [];
    assert.ok(row);
    assert.equal(row.replaceAll("\\|", "").split("|").length, 5);
    assert.match(row, /`[^`]*<\/details>[^`]*`/, "as code, where a tag is no tag");
    assert.equal(text.match(/```/g)?.length, 2);
  });

  it("makes no link, no picture, no tag and calls nobody, whatever the names and dangers are", () => {
    const hostile = fc
      .array(
        fc.constantFrom(
          "|",
          "\\",
          "`",
          "```",
          "<img src=x>",
          "@team",
          "[a](http://b)",
          "![",
          "\n",
          "#1",
          "x",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(hostile, hostile, hostile, (danger, name, after) => {
        const one = { ...difference([danger], "spec.a", after), name };
        const [row = ""] = markdownOf([{ stack: "prod", differences: [one] }])
          .split("\n")
          .filter((line) => line.startsWith("| ~"));
        // As GitHub splits a row: a backslash takes the character after it along.
        const cells = row.match(/(\\.|[^|\\])+/g) ?? [];
        assert.equal(cells.filter((cell) => cell.trim() !== "").length, 3, row);
        // Neither code nor an escaped character; only what is left can mean something.
        const rest = row.replace(/`[^`]*`|\\./g, "").replaceAll("<br>", "");
        assert.doesNotMatch(rest, /[`<[\]!#]|@\w/, row);
      }),
    );
  });

  it("groups dangers that are too many, and says how many more there are", () => {
    const many = (count: number, danger: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => ({ ...difference([danger(index)]), name: `n${index}` }));
    const alike = markdownOf([{ stack: "prod", differences: many(3_000, () => "it stops serving") }]);
    assert.match(alike, /`todo\/n0`, .*`todo\/n4` and 2995 more Deployment \| it stops serving \|/);
    for (const [count, stacks] of [
      [2_000, 1],
      [900, 4],
    ] as const) {
      const text = markdownOf(
        Array.from({ length: stacks }, (_, stack) => ({
          stack: `s${stack}`,
          differences: many(count, (index) => `danger ${index}`),
        })),
      );
      assert.ok(text.length <= 65_536, `${text.length} characters`);
      const shown = text.match(/^\| ~/gm)?.length ?? 0;
      const more = [...text.matchAll(/\*\*(\d+) more dangerous changes\*\*/g)].map(([, figure]) =>
        Number(figure),
      );
      assert.equal(shown + more.reduce((a, b) => a + b, 0), count * stacks);
    }
  });

  it("fits, whatever there is, and never leaves a danger out", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 300 }),
        (dangerous, harmless, size) => {
          const differences = [
            ...Array.from({ length: dangerous }, () =>
              difference(["it stops serving"], "spec.a", "x".repeat(size)),
            ),
            ...Array.from({ length: harmless }, () => difference([], "spec.a", "y".repeat(size))),
          ];
          const text = markdownOf([{ stack: "prod", differences }], 20_000);
          assert.ok(text.length <= 20_000, `${text.length} characters`);
          assert.equal(text.match(/it stops serving/g)?.length ?? 0, dangerous);
          assert.equal(text, markdownOf([{ stack: "prod", differences }], 20_000));
        },
      ),
      { numRuns: 60 },
    );
  });
});
