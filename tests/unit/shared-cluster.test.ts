import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import { rerunTargets } from "../../cli/engine/deploy";
import { loadStack, planSettings } from "../../settings";
import { renderKubernetes } from "../../render/kubernetes";
import { orchestrator } from "../../stacks/orchestrator";
import { todo } from "../../stacks/todo";
import { textOptions } from "../support/kubernetes-plan";

const systems = { todo, orchestrator };

describe("Two stacks on one cluster", () => {
  let root: string;
  const write = (stack: string, context: string, ...names: string[]) => {
    const lines = [
      "config:",
      "  longshore:target: kubernetes",
      "  longshore:domain: example.com",
      "  longshore:registry: registry.example.com/acme",
      "  longshore:cluster:",
      `    context: ${context}`,
      ...(names.length > 0 ? ["  longshore:systems:", ...names.map((name) => `    - ${name}`)] : []),
    ];
    writeFileSync(join(root, `Pulumi.${stack}.yaml`), `${lines.join("\n")}\n`);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "stacks-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("are refused where they have a system in common", () => {
    write("north", "harbour", "todo");
    write("south", "harbour");
    assert.throws(
      () => loadStack(root, "north", systems),
      /cluster\.context: the stack south deploys todo to harbour too, into the same namespaces; choose another context/,
    );
  });

  it("are accepted with other systems, or on other clusters", () => {
    write("north", "harbour", "todo");
    write("south", "harbour", "orchestrator");
    write("west", "river", "todo");
    writeFileSync(join(root, "Pulumi.broken.yaml"), "config: [\n");
    assert.deepEqual(loadStack(root, "north", systems).systems, ["todo"]);
  });

  it("own their namespaces, so that the API server refuses them to another stack", () => {
    write("north", "harbour", "todo");
    const settings = loadStack(root, "north", systems);
    const plan = planSystem(todo, planSettings(settings, "todo"));
    const [namespace] = renderKubernetes(plan, { ...textOptions(), stack: "north" });
    assert.deepEqual(namespace?.metadata.annotations, { "longshore/stack": "north" });
  });

  it("run a job again by its URN, and nothing on one machine", () => {
    write("north", "harbour", "todo");
    const settings = loadStack(root, "north", systems);
    const plans = [planSystem(todo, planSettings(settings, "todo"))];
    const opened = { stack: "north", plans, settings };
    assert.deepEqual(rerunTargets(opened, ["migrate"]), [
      "urn:pulumi:north::longshore::**::todo-migrate-job",
    ]);
    assert.deepEqual(rerunTargets({ ...opened, settings: { target: "compose" } }, ["migrate"]), []);
  });
});

describe("Places and lists of a stack file", () => {
  const problemsOf = (lines: readonly string[]) => {
    const root = mkdtempSync(join(tmpdir(), "stacks-"));
    try {
      writeFileSync(join(root, "Pulumi.prod.yaml"), ["config:", ...lines, ""].join("\n"));
      loadStack(root, "prod", systems);
      return "";
    } catch (error) {
      return (error as Error).message;
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  it("name regions, zones and locations that exist", () => {
    const found = problemsOf([
      "  longshore:domain: example.com",
      "  longshore:gcp: { project: acme-prod, region: us-middle9 }",
      "  longshore:backups: { location: mars }",
      "  longshore:cluster: { mode: standard, pools: { main: { zones: [us-central1-a, us-centrl1-b] } } }",
    ]);
    assert.match(found, /gcp\.region: expected a region of Google Cloud.*, got "us-middle9"/);
    assert.match(found, /backups\.location: expected a location of Google Cloud, got "mars"/);
    assert.match(
      found,
      /cluster\.pools\.main\.zones\.1: expected a zone such as us-central1-a, got "us-centrl1-b"/,
    );
  });

  it("name every system once", () => {
    const found = problemsOf([
      "  longshore:domain: example.com",
      "  longshore:gcp: { project: acme-prod }",
      "  longshore:systems: [todo, todo]",
    ]);
    assert.match(found, /systems: expected each system once, got \["todo","todo"\]/);
  });
});
