import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { planSystem } from "../../catalog/plan";
import { ProblemsError } from "../../catalog/problems";
import { planSettings, readSettings } from "../../settings";
import { todo } from "../../stacks/todo";
import { deployCluster } from "../../targets/cluster";

interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const PLACE = {
  cluster: { context: "harbour" },
  registry: "registry.example.com/acme",
  platforms: ["linux/arm64"],
};

/** The program of a stack on a cluster that is there already. Logic only; the node's test proves the rest. */
describe("target kubernetes", () => {
  const created: Created[] = [];

  before(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ type, name, inputs, id }) => {
        created.push({ type, name, inputs: inputs as Record<string, unknown> });
        return {
          id: id ?? `${name}-id`,
          state: { ...(inputs as object), digest: `sha256:${"0".repeat(64)}`, result: "generated" },
        };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "longshore", "site", false);
  });
  beforeEach(() => {
    created.length = 0;
  });

  const deploy = (values: Record<string, unknown>) => {
    const all = { target: "kubernetes", domain: "example.com", systems: ["todo"], ...values };
    const settings = readSettings({ stack: "site", values: all }, { todo });
    return deployCluster([planSystem(todo, planSettings(settings, "todo"))], {
      settings,
      secretValue: () => undefined,
      describeSource: () => ({ hash: "a".repeat(64), revision: "4f2c1a0", created: "2026-11-20T12:00:00Z" }),
    });
  };
  const settled = async (): Promise<void> => {
    for (let quiet = 0, seen = created.length; quiet < 300; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (created.length > seen) {
        [quiet, seen] = [0, created.length];
      }
    }
  };

  it("puts images into the registry, and everything else into a namespace, of the settings", async () => {
    const outputs = deploy(PLACE);
    await settled();
    assert.deepEqual(outputs, {
      cluster: "harbour",
      registry: "registry.example.com/acme",
      systems: { todo: { url: "https://todo.example.com" } },
    });
    const provider = created.find(({ type }) => type === "pulumi:providers:kubernetes");
    assert.equal(provider?.inputs.context, "harbour");
    const images = created.filter(({ type }) => type === "docker-build:index:Image");
    assert.deepEqual(
      images.map(({ inputs }) => (inputs.tags as string[])[0]?.replace(/:.*/, "")).sort(),
      ["todo/backend", "todo/frontend", "upstream/postgres"].map(
        (name) => `registry.example.com/acme/${name}`,
      ),
    );
    assert.ok(images.every(({ inputs }) => String(inputs.platforms) === "linux/arm64"));
    assert.deepEqual(
      created.filter(({ type }) => type.startsWith("gcp:")),
      [],
    );
    assert.ok(
      created.some(({ name, type }) => name === "todo-db-stateful-set" && type.endsWith("StatefulSet")),
    );
    assert.ok(created.some(({ name }) => name === "todo-ingress"));
  });

  it("asks which cluster and which registry, in one go, rather than take the current one", () => {
    assert.throws(
      () => deploy({}),
      (error: unknown) => {
        assert.ok(error instanceof ProblemsError);
        assert.match(error.message, /cluster\.context: not set.*longshore:cluster\.context CONTEXT/);
        assert.match(error.message, /registry: not set.*longshore:registry HOST\/PATH/);
        return true;
      },
    );
    assert.deepEqual(
      created.filter(({ type }) => type.startsWith("kubernetes:")),
      [],
    );
  });
});
