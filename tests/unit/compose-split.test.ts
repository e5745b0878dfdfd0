import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { before, describe, it } from "mocha";
import { planSystem, type PlannedImage } from "../../catalog/plan";
import { ENVIRONMENTS, type Environment, type SystemDefinition } from "../../catalog/types";
import { besideBase, overrideYaml, renderCompose, type ComposeDocument } from "../../render/compose";
import { systems } from "../../stacks";
import { yamlText } from "../../yaml/write";
import { validSystem } from "../support/arbitrary-system";
import { useDockerCli } from "../support/docker-cli";

const imageReference = ({ name, source }: PlannedImage) =>
  source.kind === "build" ? `longshore/x/${name}:src-000000000000` : source.reference;

function render(definition: SystemDefinition, environment: Environment) {
  const plan = planSystem(definition, {
    environment,
    target: "compose",
    profiles: "all",
    secretsSet: definition.secrets.map(({ name }) => name),
    ...(environment === "prod" && {
      logging: { driver: "gcplogs", options: { "gcp-project": "example-prod" } },
    }),
  });
  return renderCompose(plan, {
    project: `${definition.name}-${environment}`,
    edgePort: 8080,
    imageReference,
  });
}

/** Returns the result of `docker compose config` for files in one folder. */
function config(folder: string, ...names: string[]): unknown {
  const files = names.flatMap((name) => ["--file", name]);
  const args = ["compose", ...files, "--profile", "*", "config", "--format", "json"];
  return JSON.parse(
    execFileSync("docker", args, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" }),
  );
}

/** Returns an environment's documents as read alone, and as read with the base and its override. */
function bothWays(definition: SystemDefinition, environment: Environment): [alone: unknown, split: unknown] {
  const folder = mkdtempSync(join(tmpdir(), "longshore-split-"));
  try {
    const base = render(definition, "local");
    const wanted = besideBase(base, render(definition, environment), environment);
    const write = (name: string, content: string) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    };
    write("alone.yaml", yamlText(wanted.document));
    write("compose.yaml", yamlText(base.document));
    write("override.yaml", overrideYaml(base.document, wanted.document));
    return [config(folder, "alone.yaml"), config(folder, "compose.yaml", "override.yaml")];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("Compose documents as a base and what environments change (NS-08, OR-05, NX-07)", function () {
  this.timeout(120_000);
  before(useDockerCli);

  for (const [name, definition] of Object.entries(systems)) {
    for (const environment of ENVIRONMENTS) {
      it(`${name} in ${environment} is what its own document says`, () => {
        const [alone, split] = bothWays(definition, environment);
        assert.deepEqual(split, alone);
      });
    }
  }

  it("is so for any system", () => {
    fc.assert(
      fc.property(validSystem, fc.constantFrom(...ENVIRONMENTS), (definition, environment) => {
        const [alone, split] = bothWays(definition, environment);
        assert.deepEqual(split, alone);
      }),
      { numRuns: 8 },
    );
  });

  it("removes what an environment lacks, and replaces lists", () => {
    const document = (services: ComposeDocument["services"]): ComposeDocument => ({ name: "a", services });
    assert.equal(
      overrideYaml(
        document({ web: { image: "x:1", ports: ["1:1"], init: true }, tool: { image: "y:1" } }),
        document({ web: { image: "x:2", ports: ["2:1"] } }),
      ),
      [
        "services:",
        "  web:",
        "    image: x:2",
        "    ports: !override",
        `    - "2:1"`,
        "    init: !reset []",
        "  tool: !reset []",
        "",
      ].join("\n"),
    );
  });

  it("gives a configuration file that differs a place of its own", () => {
    const base = {
      document: { name: "a", services: {}, configs: { x: { file: "./config/x" } } },
      files: { "config/x": "1" },
    };
    assert.deepEqual(besideBase(base, { ...base, files: { "config/x": "2" } }, "prod"), {
      document: { ...base.document, configs: { x: { file: "./config.prod/x" } } },
      files: { "config.prod/x": "2" },
    });
    assert.deepEqual(besideBase(base, base, "prod"), base);
  });
});

describe("Compose documents of prod (ALL-09)", () => {
  for (const [name, definition] of Object.entries(systems)) {
    it(`${name} has limits, bounded or central logs, start-first updates, and ports on the loopback address only`, () => {
      const { document } = render(definition, "prod");
      for (const [service, one] of Object.entries(document.services)) {
        assert.ok(one.deploy?.resources?.limits.memory, service);
        assert.deepEqual(
          one.logging,
          { driver: "gcplogs", options: { "gcp-project": "example-prod" } },
          service,
        );
        (one.ports ?? []).forEach((port) => {
          assert.match(port, /^127\.0\.0\.1:/, service);
        });
        if (one.labels?.["longshore.kind"] === "service") {
          assert.equal(one.deploy.update_config?.order, "start-first", service);
          assert.equal(one.deploy.rollback_config?.order, "start-first", service);
        }
      }
      const replicated = definition.services.some(({ replicas, scale, environments }) => {
        const prod = environments.prod ?? {};
        return (prod.replicas ?? prod.scale?.min ?? replicas ?? scale?.min ?? 1) > 1;
      });
      assert.equal(
        Object.values(document.services).some((one) => (one.deploy?.replicas ?? 1) > 1),
        replicated,
        "replicas",
      );
      // Prometheus and similar services have one replica. Every other system must survive the loss of a container.
      assert.equal(replicated, name !== "monitoring");
    });
  }
});
