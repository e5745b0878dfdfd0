import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import fc from "fast-check";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import {
  loadStack,
  missingSecrets,
  planSettings,
  readSettings,
  readSettingsLeniently,
  requireSecrets,
} from "../../settings";
import { stackFileSchema } from "../../settings/json-schema";
import { http, system } from "../../catalog/define";
import { todo } from "../../stacks/todo";

const systems = { todo };
const notes = system("notes", ({ image, service, route }) => {
  const web = service("web", {
    image: image("web", { context: "services/todo/backend", runtime: "python" }),
    ports: { http: 8000 },
    live: http("/livez"),
    ready: http("/readyz"),
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
  });
  route("/", web.http);
});
const two = { todo, notes };
const GCP = { domain: "example.com", gcp: { project: "example-prod" } };

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new assert.AssertionError({ message: "expected an error, got none" });
}

describe("readSettings", () => {
  it("fills in every default of a local stack", () => {
    assert.deepEqual(readSettings({ stack: "local", values: {} }, systems), {
      stack: "local",
      environment: "local",
      target: "compose",
      systems: ["todo"],
      lifecycle: "ephemeral",
      cluster: { mode: "autopilot" },
      ports: { todo: 8080 },
      portOffsets: { todo: 0 },
      profiles: [],
      secretsSet: { todo: [] },
      generations: {},
      monitored: false,
      perSystem: { todo: { settings: {}, datastores: {}, services: {} } },
    });
  });

  it("knows the stacks of a person's machine: to use, to work on, to test, side by side", () => {
    const read = (stack: string) => {
      const { environment, target, ports, portOffsets } = readSettings({ stack, values: {} }, two);
      return { environment, target, ports, portOffsets };
    };
    const portOffsets = { todo: 0, notes: 10 };
    assert.deepEqual(read("local"), {
      environment: "local",
      target: "compose",
      ports: { todo: 8080, notes: 8081 },
      portOffsets,
    });
    assert.deepEqual(read("local-dev"), {
      environment: "dev",
      target: "compose",
      ports: { todo: 8180, notes: 8181 },
      portOffsets,
    });
    assert.deepEqual(read("local-test"), {
      environment: "test",
      target: "compose",
      ports: { todo: 8280, notes: 8281 },
      portOffsets,
    });
  });

  it("names the profile that was meant", () => {
    assert.equal(
      messageOf(() => readSettings({ stack: "local", values: { profiles: ["dev-tool"] } }, two)),
      "Pulumi.local.yaml: 1 problem\n  profiles.dev-tool: no system has such a profile; did you mean dev-tools?",
    );
  });

  it("protects data in staging and prod, and only there", () => {
    const lifecycle = (stack: string) => readSettings({ stack, values: GCP }, systems).lifecycle;
    assert.deepEqual(["dev", "test", "staging", "prod"].map(lifecycle), [
      "ephemeral",
      "ephemeral",
      "retain",
      "retain",
    ]);
  });

  it("reports all mistakes at once with path, expectation, finding and the nearest key", () => {
    const values = {
      domian: "example.com",
      environment: "prd",
      ports: { todo: 0 },
      gcp: { project: "A" },
      todo: { settings: { logLevel: "trace" }, datastores: { db: { kind: "cloudsql" } }, serivces: {} },
    };
    assert.equal(
      messageOf(() => readSettings({ stack: "prod", values }, systems)),
      [
        "Pulumi.prod.yaml: 7 problems",
        "  domian: unknown key; did you mean domain?",
        '  environment: expected one of "local"|"dev"|"test"|"staging"|"prod", got "prd"',
        '  gcp.project: expected a Google Cloud project id such as acme-prod, got "A"',
        "  ports.todo: expected number to be >=1, got 0",
        '  todo.datastores.db.kind: expected one of "container"|"cloud-sql", got "cloudsql"',
        "  todo.serivces: unknown key; did you mean services?",
        '  todo.settings.logLevel: expected one of "debug"|"info"|"warning"|"error", got "trace"',
      ].join("\n"),
    );
  });

  it("names the system that was meant in ports, whichever are set already", () => {
    const values = { ports: { notes: 8090, todoo: 8091 } };
    assert.equal(
      messageOf(() => readSettings({ stack: "local", values }, two)),
      "Pulumi.local.yaml: 1 problem\n  ports.todoo: unknown key; did you mean todo?",
    );
    assert.match(
      messageOf(() => readSettings({ stack: "local", values: { ports: { mail: 8090 } } }, two)),
      /ports\.mail: unknown key; known systems: todo, notes; /,
    );
  });

  it("gives every system of a stack on this machine a port of its own, defaults included", () => {
    const read = (values: Record<string, unknown>) => readSettings({ stack: "local", values }, two);
    assert.match(
      messageOf(() => read({ ports: { notes: 8080 } })),
      /1 problem\n {2}ports\.notes: 8080 is the port of todo too; choose another/,
    );
    assert.match(
      messageOf(() => read({ ports: { todo: 8081 } })),
      /1 problem\n {2}ports\.todo: 8081 is the port of notes too/,
    );
    assert.match(
      messageOf(() => read({ ports: { todo: 9000, notes: 9000 } })),
      /1 problem\n {2}ports\.notes: 9000 is the port of todo too/,
    );
    assert.deepEqual(read({ ports: { todo: 8081, notes: 8080 } }).ports, { todo: 8081, notes: 8080 });
    assert.deepEqual(read({ systems: ["notes"], ports: { notes: 8080 } }).systems, ["notes"]);
  });

  it("reads past a system that is no longer in the catalog, when asked to, and says what is left of it", () => {
    const values = {
      systems: ["todo", "notes"],
      ports: { notes: 8090 },
      secrets: { notes: { key: "x" }, todo: { "openai-api-key": "y" } },
      notes: { services: { web: { replicas: 2 } } },
    };
    const strict = messageOf(() => readSettings({ stack: "local", values }, systems));
    const fix =
      "known systems: todo; remove it, and what still runs with: bin/longshore down --system notes --stack local";
    assert.ok(strict.includes(`  notes: unknown key; ${fix}`), strict);
    assert.ok(strict.includes(`  ports.notes: unknown key; ${fix}`), strict);
    const { settings, unknownSystems } = readSettingsLeniently({ stack: "local", values }, systems);
    assert.deepEqual(settings.systems, ["todo"]);
    assert.deepEqual(settings.secretsSet, { todo: ["openai-api-key"] });
    assert.deepEqual(unknownSystems, ["notes", "ports.notes", "secrets.notes", "systems.notes"]);
    // Other problems are still reported.
    assert.match(
      messageOf(() => readSettingsLeniently({ stack: "local", values: { environment: "prd" } }, systems)),
      /environment: expected one of/,
    );
    const only = readSettingsLeniently({ stack: "local", values: { systems: ["notes"] } }, systems);
    assert.deepEqual(only.settings.systems, []);
  });

  it("never repeats a secret's value, wherever it was put", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8 }).filter((value) => /[A-Z]{3}/.test(value) || value.length > 12),
        (value) => {
          const secret = `S3CRET-${value}`;
          const wrong = { secrets: { todo: { unknown: secret, "openai-api-key": [secret] } } };
          assert.ok(
            !messageOf(() => readSettings({ stack: "local", values: wrong }, systems)).includes(secret),
          );
        },
      ),
    );
  });

  describe("of a login for the registry", () => {
    const read = (registryLogin: unknown, target = "kubernetes") =>
      readSettings(
        { stack: "site", values: { ...GCP, target, registry: "harbor.example.com/acme", registryLogin } },
        systems,
      );
    const PASSWORD = "needle-7Qx";
    const whole = { username: "robot$longshore", password: PASSWORD };

    it("keep that there is one, and neither name nor password", () => {
      const settings = read(whole);
      assert.equal(settings.registryLogin, true);
      assert.doesNotMatch(JSON.stringify(settings), /needle|robot/);
      assert.ok(!("registryLogin" in read(undefined)));
    });

    it("ask for the half that is missing, with the command that sets it", () => {
      assert.equal(
        messageOf(() => read({ password: PASSWORD })),
        "Pulumi.site.yaml: 1 problem\n  registryLogin.username: not set, and a login requires a user name and a password; " +
          "run: pulumi config set --stack site --path longshore:registryLogin.username USERNAME",
      );
      assert.equal(
        messageOf(() => read({ username: "robot" })),
        "Pulumi.site.yaml: 1 problem\n  registryLogin.password: not set; " +
          "run: pulumi config set --stack site --secret --path longshore:registryLogin.password (it asks for the value)",
      );
    });

    it("refuse one where nothing would use it, and say what to do instead", () => {
      assert.match(
        messageOf(() => read(whole, "compose")),
        /1 problem\n {2}registryLogin: is how a cluster pulls.*remove it: .*docker login$/,
      );
      assert.match(
        messageOf(() => read(whole, "gcp")),
        /1 problem\n {2}registryLogin: the target is gcp.*gcloud auth configure-docker$/,
      );
    });

    it("never repeat what was written, wherever it was put", () => {
      const told = [
        PASSWORD,
        [PASSWORD],
        { username: `robot:${PASSWORD}`, password: PASSWORD },
        { username: [PASSWORD], password: { secret: PASSWORD } },
        { username: "robot", passwrod: PASSWORD },
      ].map((written) => messageOf(() => read(written)));
      assert.doesNotMatch(told.join("\n"), /needle/);
      const [text, , colon, , mistyped] = told;
      assert.match(text ?? "", /registryLogin: expected username and password$/);
      assert.match(colon ?? "", /registryLogin\.username: expected a name without colon and space$/);
      assert.match(mistyped ?? "", /registryLogin\.passwrod: unknown key; did you mean password\?/);
    });
  });

  it("says what a stack on Google Cloud lacks and how to set it", () => {
    const message = messageOf(() => readSettings({ stack: "prod", values: {} }, systems));
    assert.match(message, /domain: not set.*pulumi config set --stack prod longshore:domain DOMAIN/);
    assert.match(message, /gcp\.project: not set.*--path longshore:gcp\.project PROJECT/);
  });
});

describe("stack files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-settings-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are read without a key: encrypted values count as set and stay unread", () => {
    writeFileSync(
      join(folder, "Pulumi.local.yaml"),
      "config:\n  gcp:project: other\n  longshore:secrets:\n    todo:\n      openai-api-key:\n        secure: v1:abc\n",
    );
    assert.deepEqual(loadStack(folder, "local", systems).secretsSet, { todo: ["openai-api-key"] });
  });

  it("are read without a key: an encrypted login counts, too", () => {
    writeFileSync(
      join(folder, "Pulumi.site.yaml"),
      "config:\n  longshore:target: kubernetes\n  longshore:domain: example.com\n" +
        "  longshore:registryLogin:\n    username: robot$x\n    password:\n      secure: v1:abc\n",
    );
    assert.equal(loadStack(folder, "site", systems).registryLogin, true);
    const prod =
      "  longshore:domain: example.com\n  longshore:gcp:\n    project: example-prod\n  longshore:alertWebhook:\n    secure: v1:abc\n";
    writeFileSync(join(folder, "Pulumi.prod.yaml"), `config:\n${prod}`);
    assert.equal(loadStack(folder, "prod", systems).alertWebhook, true);
  });

  it("with broken YAML are named, without a stack trace of the parser", () => {
    writeFileSync(join(folder, "Pulumi.local.yaml"), "config: [");
    assert.match(
      messageOf(() => loadStack(folder, "local", systems)),
      /Pulumi\.local\.yaml: 1 problem\n {2}file: not valid YAML/,
    );
  });

  it("fit the JSON schema that editors use when they are right, and only then", () => {
    const valid = new Ajv({ strict: false }).compile(stackFileSchema(systems));
    const file = (content: string) => valid(load(content));
    assert.ok(
      file(
        "config:\n  longshore:domain: example.com\n  longshore:todo:\n    settings:\n      logLevel: debug\n",
      ),
    );
    assert.ok(
      file("config:\n  longshore:secrets:\n    todo:\n      openai-api-key:\n        secure: v1:x\n"),
    );
    assert.ok(!file("config:\n  longshore:domian: example.com\n"), "unknown key");
    assert.ok(
      !file("config:\n  longshore:secrets:\n    todo:\n      openai-api-key: plain\n"),
      "secret in plain text",
    );
    const login = (password: string) =>
      `config:\n  longshore:registryLogin:\n    username: robot$x\n    password:${password}\n`;
    assert.ok(file(login("\n      secure: v1:x")));
    assert.ok(!file(login(" plain")), "password of the registry in plain text");
    const webhook = "config:\n  longshore:alertWebhook:";
    assert.ok(file(`${webhook}\n    secure: v1:x\n`));
    assert.ok(!file(`${webhook} https://hooks.example.com\n`), "address with a token in plain text");
  });
});

describe("requireSecrets", () => {
  const settings = readSettings({ stack: "prod", values: GCP }, systems);
  const plan = planSystem(todo, planSettings(settings, "todo"));

  it("asks for what a person must set, names its users and the command", () => {
    assert.deepEqual(missingSecrets(plan, settings), ["openai-api-key"]);
    assert.equal(
      messageOf(() => {
        requireSecrets([plan], settings);
      }),
      "Pulumi.prod.yaml: 1 problem\n  todo.secrets.openai-api-key: not set, and backend needs it; " +
        "run: bin/longshore secrets set todo.openai-api-key --stack prod",
    );
  });

  it("asks for generated ones too where no provider makes them, and leaves optional ones out", () => {
    const local = readSettings({ stack: "local", values: {} }, systems);
    const localPlan = planSystem(todo, planSettings(local, "todo"));
    assert.deepEqual(missingSecrets(localPlan, local), [
      "db-admin-password",
      "db-app-password",
      "db-migrate-password",
    ]);
    const backend = localPlan.workloads.find(({ name }) => name === "backend");
    assert.deepEqual(
      backend?.secretFiles.map(({ variable }) => variable),
      ["DATABASE_URL_FILE"],
    );
  });
});
