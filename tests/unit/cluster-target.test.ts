import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { planSystem } from "../../catalog/plan";
import { ProblemsError } from "../../base/problems";
import { planSettings, readSettings } from "../../settings";
import type { RegistryCredentials } from "../../settings/engine";
import { todo } from "../../stacks/todo";
import { deployCluster } from "../../targets/cluster";
import { settled } from "../support/settled";

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

/** Runs the program of a stack on an existing cluster with mocks. The node's e2e tests cover the rest. */
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

  const deploy = (values: Record<string, unknown>, registryLogin?: RegistryCredentials) => {
    const all = { target: "kubernetes", domain: "example.com", systems: ["todo"], ...values };
    const settings = readSettings({ stack: "site", values: all }, { todo });
    return deployCluster([planSystem(todo, planSettings(settings, "todo"))], {
      settings,
      secretValue: () => undefined,
      ...(registryLogin && { registryLogin }),
      describeSource: () => ({ hash: "a".repeat(64), revision: "4f2c1a0", created: "2026-11-20T12:00:00Z" }),
    });
  };
  it("puts images into the registry, and everything else into a namespace, of the settings", async () => {
    const outputs = deploy(PLACE);
    await settled(created);
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

  describe("with a login for the registry", () => {
    const USERNAME = "robot$longshore";
    const PASSWORD = "needle/äQ?x==";
    const withLogin = async () => {
      deploy(PLACE, { username: pulumi.secret(USERNAME), password: pulumi.secret(PASSWORD) });
      await settled(created);
    };

    const ofType = (type: string) => created.filter((one) => one.type === type);
    /** Returns the text of a value that the engine received as a secret. */
    const hidden = (value: unknown): string => {
      assert.ok(pulumi.runtime.isRpcSecret(value), "not a secret");
      return JSON.stringify(pulumi.runtime.unwrapRpcSecret(value));
    };
    const pullSecrets = () =>
      ofType("kubernetes:core/v1:Secret").filter(
        ({ inputs }) => inputs.type === "kubernetes.io/dockerconfigjson",
      );
    const accounts = () => ofType("kubernetes:core/v1:ServiceAccount");

    it("lets the pods of every account pull, by one Secret that keeps its name", async () => {
      await withLogin();
      const [secret, ...more] = pullSecrets();
      assert.ok(secret);
      assert.deepEqual(more, []);
      const { name, namespace } = secret.inputs.metadata as Record<string, unknown>;
      assert.deepEqual([name, namespace], ["registry-login", "todo"]);
      const content = JSON.parse(hidden(secret.inputs.stringData)) as Record<string, string>;
      assert.deepEqual(JSON.parse(content[".dockerconfigjson"] ?? ""), {
        auths: {
          "registry.example.com": {
            username: USERNAME,
            password: PASSWORD,
            auth: Buffer.from(`${USERNAME}:${PASSWORD}`).toString("base64"),
          },
        },
      });
      const names = accounts().map(({ inputs }) => (inputs.metadata as Record<string, unknown>).name);
      assert.deepEqual(names.sort(), ["backend", "db", "db-roles", "frontend", "migrate", "seed"]);
      for (const { inputs } of accounts()) {
        assert.deepEqual(inputs.imagePullSecrets, [{ name: "registry-login" }]);
      }
    });

    it("pushes with it, what is built and what is copied", async () => {
      await withLogin();
      const images = ofType("docker-build:index:Image");
      assert.equal(images.length, 3);
      for (const { inputs } of images) {
        assert.deepEqual(JSON.parse(hidden(inputs.registries)), [
          { address: "registry.example.com", username: USERNAME, password: PASSWORD },
        ]);
      }
    });

    it("shows the password and the name nowhere but there, and leaves pods as they are without it", async () => {
      const pods = () =>
        created
          .filter(({ type }) => /:(Deployment|StatefulSet|Job)$/.test(type))
          .map(({ name, inputs }) => [name, JSON.stringify(inputs)]);
      await withLogin();
      const withIt = pods();
      const elsewhere = created.map(({ inputs }) => ({ ...inputs, registries: "", stringData: "" }));
      assert.doesNotMatch(JSON.stringify(elsewhere), /needle|robot/);
      created.length = 0;
      deploy(PLACE);
      await settled(created);
      assert.deepEqual(pods(), withIt);
      assert.deepEqual(pullSecrets(), []);
      assert.ok(accounts().every(({ inputs }) => inputs.imagePullSecrets === undefined));
      assert.ok(ofType("docker-build:index:Image").every(({ inputs }) => inputs.registries === undefined));
    });

    it("knows whose registry a name without a host is in", async () => {
      const login = { username: pulumi.secret(USERNAME), password: pulumi.secret(PASSWORD) };
      deploy({ ...PLACE, registry: "localhost:5000/acme" }, login);
      await settled(created);
      assert.match(hidden(pullSecrets()[0]?.inputs.stringData), /auths\\":\{\\"localhost:5000\\"/);
      created.length = 0;
      deploy({ ...PLACE, registry: "acme/team" }, login);
      await settled(created);
      assert.match(hidden(pullSecrets()[0]?.inputs.stringData), /auths\\":\{\\"docker\.io\\"/);
    });
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
