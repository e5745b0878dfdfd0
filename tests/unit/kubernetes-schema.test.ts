import assert from "node:assert/strict";
import Ajv from "ajv";
import fc from "fast-check";
import { checkKubernetesObject, knowsKubernetesKind } from "../../offline/schemas/kubernetes";
import document from "../../offline/schemas/kubernetes-1.33.json";
import { renderKubernetes } from "../../render/kubernetes";
import { textOptions, threeTierPlan } from "../support/kubernetes-plan";

type Fields = Record<string, unknown>;

const deployment = (
  change: (pod: Fields, container: Fields, object: Fields) => void = () => undefined,
): Fields => {
  const container: Fields = { name: "app", image: "app:1", ports: [{ containerPort: 80 }] };
  const pod: Fields = { containers: [container] };
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "app" },
    spec: {
      selector: { matchLabels: { app: "app" } },
      template: { metadata: { labels: { app: "app" } }, spec: pod },
    },
  };
  change(pod, container, object);
  return object;
};

const CONTAINER = "Deployment/app.spec.template.spec.containers[0]";

describe("checkKubernetesObject", () => {
  const only = (object: unknown) => {
    const problems = checkKubernetesObject(object);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    return problems[0];
  };

  it("accepts what is right", () => {
    assert.deepEqual(checkKubernetesObject(deployment()), []);
    assert.ok(knowsKubernetesKind("apps/v1", "Deployment"));
    assert.ok(!knowsKubernetesKind("cloud.google.com/v1", "BackendConfig"));
  });

  it("names an unknown field and the one that was meant", () => {
    assert.deepEqual(only(deployment((pod) => (pod.serviceAcountName = "x"))), {
      path: "Deployment/app.spec.template.spec.serviceAcountName",
      message: "unknown field",
      fix: "did you mean serviceAccountName?",
    });
  });

  it("names types, enumerations, quantities, missing fields and duplicates", () => {
    const cases: [(container: Fields) => void, string, RegExp][] = [
      [
        (one) => (one.ports = [{ containerPort: "80" }]),
        ".ports[0].containerPort",
        /expected integer, got "80"/,
      ],
      [
        (one) => (one.imagePullPolicy = "always"),
        ".imagePullPolicy",
        /one of Always, IfNotPresent, Never; got "always"/,
      ],
      [(one) => (one.resources = { limits: { memory: "1 GB" } }), ".resources.limits.memory", /a quantity/],
      [(one) => (one.env = [{ value: "x" }]), ".env[0].name", /missing/],
      [
        (one) => (one.ports = [{ containerPort: 1 }, { containerPort: 1, protocol: "TCP" }]),
        ".ports[1]",
        /the same containerPort/,
      ],
      [(one) => (one.ports = [{ containerPort: 70000 }]), ".ports[0].containerPort", /1 to 65535/],
      [
        (one) => (one.ports = [{ containerPort: 1, name: "a-name-that-is-long" }]),
        ".ports[0].name",
        /at most 15/,
      ],
      [
        (one) => (one.volumeMounts = [{ name: "x", mountPath: "/x" }]),
        ".volumeMounts[0].name",
        /no volume "x"/,
      ],
    ];
    for (const [change, path, message] of cases) {
      const problem = only(
        deployment((_, container) => {
          change(container);
        }),
      );
      assert.equal(problem?.path, CONTAINER + path);
      assert.match(problem.message, message);
    }
  });

  it("names a selector that misses its own pods, and names that no cluster takes", () => {
    const selects = only(
      deployment((_, __, object) => ((object.spec as Fields).selector = { matchLabels: { app: "b" } })),
    );
    assert.match(selects?.message ?? "", /selects "b", the pods carry "app"/);
    assert.match(
      only(deployment((_, __, object) => (object.metadata = { name: "App" })))?.message ?? "",
      /lower-case/,
    );
    const long = { apiVersion: "v1", kind: "Service", metadata: { name: "x".repeat(64) }, spec: {} };
    assert.match(only(long)?.message ?? "", /at most 63 characters, got 64/);
  });

  it("knows only kinds that it has a schema for", () => {
    assert.match(
      only({ apiVersion: "apps/v1beta1", kind: "Deployment", metadata: { name: "a" } })?.fix ?? "",
      /apps\/v1 Deployment/,
    );
    assert.match(only({ kind: "Deployment" })?.message ?? "", /apiVersion and kind/);
    assert.match(only(null)?.message ?? "", /got null/);
  });

  it("takes late values as right, wherever they stand, and nothing else about them", () => {
    const late = Symbol("late");
    const isLate = (value: unknown) => value === late;
    const object = deployment((_, container) => {
      container.image = late;
      container.env = late;
      container.resources = { limits: { cpu: late } };
      container.unknown = late;
    });
    assert.deepEqual(
      checkKubernetesObject(object, { isLate }).map(({ path }) => path),
      [`${CONTAINER}.unknown`],
    );
  });

  it("never shows a Secret's values", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { k: "not base64!" },
      type: 7,
    };
    const messages = JSON.stringify(checkKubernetesObject(secret));
    assert.equal(checkKubernetesObject(secret).length, 2);
    assert.ok(!messages.includes("not base64!") && !messages.includes("7"), messages);
  });
});

describe("the schemas", () => {
  /** The same schemas in a complete implementation of JSON Schema. */
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false });
  ajv.addKeyword("mapKeys");
  ajv.addSchema({ $id: "kubernetes", definitions: document.definitions });
  const kinds: Readonly<Record<string, string>> = document.kinds;

  function ajvPaths(object: Fields, root: string): string[] {
    const kind = kinds[`${String(object.apiVersion)}/${String(object.kind)}`] ?? "";
    const validate = ajv.getSchema(`kubernetes#/definitions/${kind}`);
    assert.ok(validate);
    void validate(object);
    const paths = (validate.errors ?? []).map(({ instancePath, params }) => {
      const { missingProperty, additionalProperty } = params as Record<string, string | undefined>;
      const last = missingProperty ?? additionalProperty;
      const keys = instancePath
        .split("/")
        .slice(1)
        .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
      const path = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
      return root + path + (last === undefined ? "" : `.${last}`);
    });
    return [...new Set(paths)].sort();
  }

  /** Returns every place of a tree, as the containing object and key. */
  function places(node: unknown): [Fields, string][] {
    if (typeof node !== "object" || node === null) {
      return [];
    }
    const own = Object.keys(node).map((key): [Fields, string] => [node as Fields, key]);
    return [...own, ...Object.values(node).flatMap(places)];
  }

  it("are read as a JSON Schema implementation reads them", () => {
    const objects = renderKubernetes(threeTierPlan(), textOptions()) as unknown as Fields[];
    const mutation = fc.record({
      object: fc.constantFrom(...objects),
      place: fc.nat(),
      action: fc.constantFrom("remove", "replace", "add"),
      value: fc.constantFrom<unknown>("text", 1.5, 7, true, null, [], {}, [1], { a: 1 }, -1, 2 ** 40, "64Mi"),
    });
    fc.assert(
      fc.property(mutation, ({ object, place, action, value }) => {
        const mutated = structuredClone(object);
        const all = places(mutated).filter(
          ([holder, key]) => !(holder === mutated && key !== "spec") && key !== "name",
        );
        const [holder, key] = all[place % Math.max(1, all.length)] ?? [];
        if (!holder || key === undefined || Array.isArray(holder)) {
          return;
        }
        if (action === "remove") {
          Reflect.deleteProperty(holder, key);
        } else {
          holder[action === "add" ? "unheardOf" : key] = structuredClone(value);
        }
        const root = `${String(object.kind)}/${String((object.metadata as Fields).name)}`;
        const expected = ajvPaths(mutated, root);
        const found = checkKubernetesObject(mutated).filter(
          ({ message }) => !message.startsWith("has the same"),
        );
        if (
          expected.length > 0 ||
          found.some(({ message }) => message === "unknown field" || message === "missing")
        ) {
          assert.deepEqual(found.map(({ path }) => path).sort(), expected);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
