import assert from "node:assert/strict";
import fc from "fast-check";
import { load } from "js-yaml";
import { before, describe, it } from "mocha";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planSystem, type Plan, type PlannedImage, type Workload } from "../../catalog/plan";
import {
  renderCompose,
  type ComposeDocument,
  type ComposeOverride,
  type ComposeService,
} from "../../render/compose";
import type { SystemDefinition } from "../../catalog/types";
import { systems } from "../../stacks";
import { yamlText } from "../../yaml/write";
import { appWorkload, samplePlan } from "../support/compose-plan";
import { useDockerCli } from "../support/docker-cli";

const imageReference = ({ name, source }: PlannedImage) =>
  source.kind === "build" ? `longshore/x/${name}:src-000000000000` : source.reference;
const render = (plan: Plan) =>
  renderCompose(plan, { project: "sample-test", edgePort: 8080, root: "/repo", imageReference });

/** Returns the result of `docker compose config` for merged documents. Dollar signs stay doubled in its output. */
function readByCompose(...documents: (ComposeDocument | ComposeOverride)[]): ComposeDocument {
  const folder = mkdtempSync(join(tmpdir(), "longshore-render-"));
  try {
    const files = documents.flatMap((document, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, yamlText(document));
      return ["--file", file];
    });
    const args = ["compose", ...files, "config", "--format", "json"];
    const output = execFileSync("docker", args, { encoding: "utf8", maxBuffer: 1 << 28 });
    return withSingleDollars(JSON.parse(output)) as ComposeDocument;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withSingleDollars(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replaceAll("$$", "$");
  }
  if (Array.isArray(value)) {
    return value.map(withSingleDollars);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSingleDollars(item)]))
    : value;
}

const service = (document: ComposeDocument, name: string): ComposeService => {
  const found = document.services[name];
  assert.ok(found, name);
  return found;
};

describe("a rendered Compose document", function () {
  this.timeout(60_000);
  before(useDockerCli);
  const { document, files, secretFiles } = render(samplePlan());

  it("locks every container up and bounds what it takes (ALL-04, ALL-05, ALL-13)", () => {
    for (const [name, one] of Object.entries(document.services)) {
      assert.equal(one.read_only, true, name);
      assert.deepEqual(one.cap_drop, ["ALL"], name);
      assert.deepEqual(one.security_opt, ["no-new-privileges:true"], name);
      assert.match(one.user ?? "", /^[1-9]\d*:[1-9]\d*$/, name);
      assert.ok(one.deploy?.resources?.limits.memory, name);
      assert.ok(one.deploy.resources.limits.pids <= 512, name);
      assert.deepEqual(one.logging?.options, { "max-size": "10m", "max-file": "3" }, name);
      assert.ok(one.stop_grace_period, name);
    }
  });

  it("names exceptions only where the plan has them", () => {
    const plan = samplePlan();
    const open = {
      ...plan,
      workloads: plan.workloads.map((one) =>
        one.name === "web"
          ? {
              ...one,
              exceptions: [
                { allow: "writable-root" as const, reason: "x" },
                { allow: "net-bind-service" as const, reason: "y" },
              ],
            }
          : one,
      ),
    };
    assert.equal(service(render(open).document, "web").read_only, false);
    assert.deepEqual(service(render(open).document, "web").cap_add, ["NET_BIND_SERVICE"]);
    assert.equal(service(document, "web").cap_add, undefined);
  });

  it("puts a workload on a network with its clients only, without a way out (ALL-06)", () => {
    assert.deepEqual(document.networks, {
      api: { internal: true },
      db: { internal: true },
      edge: {},
      web: { internal: true },
    });
    const networks = Object.fromEntries(
      Object.entries(document.services).map(([name, one]) => [name, one.networks]),
    );
    assert.deepEqual(networks, {
      api: ["api"],
      db: ["db"],
      edge: ["api", "edge", "web"],
      migrate: ["db"],
      web: ["web"],
    });
  });

  it("gives a way out to who declares it, alone", () => {
    const egress = [{ host: "api.example.com", port: 443 }];
    const plan = {
      ...samplePlan(),
      routes: [],
      workloads: [appWorkload("a", { egress }), appWorkload("b", { egress }), appWorkload("c")],
    };
    const { document: open } = render(plan);
    assert.deepEqual(open.networks, { a_egress: {}, b_egress: {} });
    assert.deepEqual(service(open, "a").networks, ["a_egress"]);
    assert.equal(service(open, "c").network_mode, "none");
    assert.equal(open.services.edge, undefined);
  });

  it("publishes the edge on the loopback address, and nothing else", () => {
    const published = Object.values(document.services).flatMap(({ ports = [] }) => ports);
    assert.deepEqual(published, ["127.0.0.1:8080:8080"]);
  });

  it("starts in order: after health, after completion", () => {
    assert.deepEqual(service(document, "migrate").depends_on, { db: { condition: "service_healthy" } });
    assert.deepEqual(service(document, "web").depends_on, {
      migrate: { condition: "service_completed_successfully" },
    });
    assert.deepEqual(Object.keys(service(document, "edge").depends_on ?? {}), ["api", "web"]);
    assert.equal(service(document, "migrate").restart, "no");
    assert.equal(service(document, "web").restart, "unless-stopped");
  });

  it("hands secrets over as files and holds none", () => {
    assert.deepEqual(secretFiles, [
      {
        workload: "web",
        name: "token",
        path: "secrets/web/token",
        user: 1000,
        value: { late: "secret", secret: "token" },
      },
    ]);
    assert.deepEqual(document.secrets, { web_token: { file: "./secrets/web/token" } });
    assert.deepEqual(service(document, "web").secrets, [
      { source: "web_token", target: "/run/secrets/token" },
    ]);
    assert.equal(service(document, "web").environment?.TOKEN_FILE, "/run/secrets/token");
  });

  it("refuses a value that is known only later", () => {
    const env = [{ name: "HOST", value: { late: "host", datastore: "db" } as const }];
    const plan = { ...samplePlan(), workloads: [appWorkload("a", { env })], routes: [] };
    assert.throws(() => render(plan), /internal: a: HOST is known only later \(host\)/);
  });

  it("lets readiness decide health, asked by what is in the image (ALL-02)", () => {
    const probe = { intervalSeconds: 7, timeoutSeconds: 2, failures: 4 };
    const http = { ...probe, check: { kind: "http", path: "/ready?x='$y", port: 81 } as const };
    const plan = (runtime: PlannedImage["runtime"]): Plan => ({
      ...samplePlan(),
      routes: [],
      images: samplePlan().images.map((image) => ({ ...image, runtime })),
      workloads: [
        appWorkload("a", { probes: { live: { ...http, failures: 1 }, ready: http, startupSeconds: 9 } }),
      ],
    });
    for (const runtime of ["python", "node", "wget", "curl"] as const) {
      const check = service(readByCompose(render(plan(runtime)).document), "a").healthcheck;
      assert.ok(check && "test" in check);
      const { test, ...times } = check;
      assert.deepEqual(times, {
        interval: "7s",
        timeout: "2s",
        retries: 4,
        start_period: "9s",
        start_interval: "1s",
      });
      const path = test.find((word) => word.includes("/ready?"));
      assert.ok(path?.endsWith("/ready?x='$y"), runtime);
    }
    assert.throws(() => render(plan("none")), /internal: no program in the image can ask/);
  });

  it("updates start-first where people are served (ALL-09)", () => {
    for (const [environment, order] of [
      ["local", undefined],
      ["dev", undefined],
      ["test", undefined],
      ["staging", "start-first"],
      ["prod", "start-first"],
    ] as const) {
      const rendered = render({ ...samplePlan(), environment }).document;
      assert.equal(service(rendered, "web").deploy?.update_config?.order, order, environment);
      assert.equal(service(rendered, "db").deploy?.update_config, undefined);
    }
  });

  it("keeps configuration files beside itself, and their digest in a label", () => {
    assert.ok(files["config/web/srv/app.py"]?.includes("def main"));
    const changed = samplePlan();
    const other = render({
      ...changed,
      workloads: changed.workloads.map((one): Workload =>
        one.name === "web" ? { ...one, configFiles: [{ path: "/srv/app.py", content: "x" }] } : one,
      ),
    }).document;
    const label = (of: ComposeDocument, name: string) => service(of, name).labels?.["longshore.files"];
    assert.notEqual(label(other, "web"), label(document, "web"));
    assert.equal(label(other, "api"), label(document, "api"));
  });
});

/**
 * Checks that development, and only development, uses the stage, the mounted sources and a debugger on the loopback
 * address.
 */
function checkDevelopment({ services }: SystemDefinition, read: ComposeDocument, isDev: boolean): void {
  for (const { name, develop, exceptions } of services) {
    const one = read.services[name];
    const asks = exceptions.some(({ allow }) => allow === "engine-socket");
    // Devices are mounted in all environments; devices.test.ts covers them.
    const bound = (one?.volumes ?? []).filter(
      ({ type, target }) => type === "bind" && !target.startsWith("/dev/"),
    );
    const mounts = bound.filter(({ target }) => !asks || target !== "/var/run/docker.sock");
    assert.equal(bound.length - mounts.length, asks ? 1 : 0, `${name} and the engine's socket`);
    if (!develop || !isDev) {
      assert.deepEqual(mounts, [], `${name} has sources of this machine`);
    } else if (one) {
      assert.equal(one.build?.target, develop.target);
      assert.deepEqual(
        one.command,
        develop.command ?? null,
        "the stage's own command, unless it says another",
      );
      assert.deepEqual(mounts.map(({ target }) => target).sort(), Object.values(develop.mounts).sort());
      const ports = (one.ports ?? []) as unknown as { host_ip: string; target: number }[];
      assert.deepEqual(
        ports.map(({ host_ip: host, target }) => `${host}:${target}`),
        develop.debug === undefined ? [] : [`127.0.0.1:${develop.debug}`],
      );
    }
  }
}

describe("every system's documents", function () {
  this.timeout(60_000);
  before(useDockerCli);

  for (const [name, definition] of Object.entries(systems)) {
    for (const environment of ["local", "dev", "test", "staging", "prod"] as const) {
      it(`${name} in ${environment} pass the official docker compose config`, () => {
        const secretsSet = definition.secrets.map((secret) => secret.name);
        const { document } = render(planSystem(definition, { environment, target: "compose", secretsSet }));
        const read = readByCompose(document);
        assert.deepEqual(Object.keys(read.services).sort(), Object.keys(document.services));
        checkDevelopment(definition, read, environment === "dev");
      });
    }
  }
});

describe("values in a Compose document", function () {
  this.timeout(60_000);
  before(useDockerCli);

  it("arrive as they are, whatever they contain", () => {
    // Environment variables cannot contain NUL, and YAML parsers treat a carriage return as a line break.
    const text = fc
      .oneof(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.string({ unit: "grapheme", maxLength: 20 }),
        fc.stringMatching(/^[ $"'{}\\:#&*!|>%@`\n\t,[\]?~-]{0,20}$/),
        fc.constantFrom(
          "$$",
          "${HOME}",
          "$HOME",
          "yes",
          "null",
          "~",
          "0x1F",
          "1e3",
          "2026-01-01",
          "line\n",
          " padded ",
          "\n\n",
          "'\"`",
        ),
      )
      .filter((value) => !value.includes("\u0000") && !/\p{Surrogate}/u.test(value));
    const values = fc.sample(text, { numRuns: 1500, seed: 7 });
    const env = values.map((value, index) => ({ name: `V${index}`, value }));
    const plan = {
      ...samplePlan(),
      routes: [],
      workloads: [appWorkload("a", { env, command: ["run", ...values.slice(0, 300)] })],
    };
    const { document } = render(plan);
    const read = service(readByCompose(document), "a");
    env.forEach(({ name, value }) => {
      assert.equal(read.environment?.[name], value, JSON.stringify(value));
    });
    assert.deepEqual(read.command, plan.workloads[0]?.command);
    assert.deepEqual(load(yamlText(document)), JSON.parse(JSON.stringify(document)));
  });
});
