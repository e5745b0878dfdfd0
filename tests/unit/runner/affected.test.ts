import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { repoRoot } from "../../../tools/paths";
import { affectedBy } from "../../runner/affected";
import { ImportGraph, pathsNamedIn } from "../../runner/imports";
import { testFiles } from "../../runner/jobs";
import { needsOf } from "../../runner/needs";
import { requestOf } from "../../runner/request";

const imports = (...paths: string[]) => ({
  bytes: 0,
  imports: paths.map((path) => ({ path, kind: "import-statement" as const })),
});
const graph = ImportGraph.fromMetafile({
  inputs: {
    "tests/unit/a.test.ts": imports("render/a.ts"),
    "render/a.ts": imports("catalog/b.ts"),
    "catalog/b.ts": imports("render/a.ts"),
    "tests/unit/docs.test.ts": imports(),
    "tests/e2e/todo.test.ts": imports("tests/support/checkout.ts"),
    "tests/e2e/cluster.test.ts": imports("tests/support/cluster-node.ts"),
    "tests/support/cluster-node.ts": imports("tests/support/checkout.ts", "tools/pulumi.ts"),
    "tests/support/checkout.ts": imports(),
    "tests/unit/cli.test.ts": imports("cli/commands/up.ts"),
    "cli/commands/up.ts": imports("tools/pulumi.ts"),
    "tools/pulumi.ts": imports(),
  },
});
const files = [
  "tests/unit/a.test.ts",
  "tests/unit/docs.test.ts",
  "tests/unit/cli.test.ts",
  "tests/e2e/todo.test.ts",
];
const read = (file: string) => (file.includes("docs") ? 'read(join(root, "docs", "guide"))' : "");
const affected = (...changed: string[]) => affectedBy(changed, files, graph, read);

describe("the tests that a change affects", () => {
  it("are those that import it, over several files and a cycle", () => {
    assert.deepEqual(affected("tools/pulumi.ts"), ["tests/unit/cli.test.ts", "tests/e2e/todo.test.ts"]);
    assert.ok(affected("catalog/b.ts").includes("tests/unit/a.test.ts"));
    assert.ok(!affected("cli/commands/up.ts").includes("tests/unit/a.test.ts"));
  });

  it("are those that name it or a folder above it", () => {
    assert.deepEqual(affected("docs/guide/start.md"), ["tests/unit/docs.test.ts"]);
    assert.deepEqual(affected("bench/run.ts"), []);
    assert.ok(pathsNamedIn('join(__dirname, "..", "..", "lab")', "tests/unit/x.ts").includes("lab"));
    assert.ok(pathsNamedIn('run("./fake.cjs")', "tests/support/x.ts").includes("tests/support/fake.cjs"));
  });

  it("are all end-to-end tests for a change of the command or of what is deployed", () => {
    assert.deepEqual(affected("services/todo/backend/Dockerfile"), ["tests/e2e/todo.test.ts"]);
    assert.deepEqual(affected("Pulumi.prod.yaml"), ["tests/e2e/todo.test.ts"]);
  });

  it("are all tests for a change of what all use", () => {
    assert.deepEqual(affected("package-lock.json"), files);
    assert.deepEqual(affected("tests/runner/main.ts"), files);
  });
});

describe("what a test file needs", () => {
  it("follows from its imports below tests/, not from what the product imports", () => {
    assert.deepEqual(needsOf(graph, "tests/unit/cli.test.ts").tools, []);
    assert.ok(needsOf(graph, "tests/e2e/todo.test.ts").tools.includes("pulumi"));
    assert.deepEqual(needsOf(graph, "tests/e2e/cluster.test.ts").locks, ["kubernetes"]);
  });

  it("keeps files that compare the images of AI todo from running beside files that build others", async () => {
    const files = testFiles(repoRoot(), ["e2e"]);
    const real = await ImportGraph.of(repoRoot(), files);
    const holders = files.filter((file) => needsOf(real, file).locks.includes("todo-images"));
    assert.deepEqual(
      holders.map((file) => file.replace(/^tests\/e2e\/|\.test\.ts$/g, "")),
      ["images", "monitoring", "todo", "workflows"],
    );
  });
});

describe("what a run is asked for", () => {
  it("is everything without a word, a suite, the quick ones, or files", () => {
    assert.deepEqual(requestOf([]).suites, ["static", "unit", "golden", "engine", "e2e"]);
    assert.deepEqual(requestOf(["check"]), { suites: ["static", "unit", "golden"], files: [], quick: true });
    assert.deepEqual(requestOf(["./tests/unit/a.test.ts"]).files, ["tests/unit/a.test.ts"]);
    assert.deepEqual(requestOf(["unit"], "main").since, "main");
  });

  it("is refused for an unknown suite", () => {
    assert.throws(() => requestOf(["unti"]), /suite: expected .*, got unti/);
  });
});
