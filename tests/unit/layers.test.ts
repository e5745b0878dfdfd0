import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");

/** One violation per rule, and allowed imports that no rule may reject. */
const FILES = {
  "cli/main.ts": [
    'import "./compose/a";',
    'import "../catalog/a";',
    'import "../components/a";',
    'import "../settings/a";',
    'import "../tools/docker";',
    "",
  ].join("\n"),
  // A shared module of the command that imports a verb.
  "cli/compose/a.ts": 'import type { Options } from "../commands/up";\nexport type A = Options;\n',
  "cli/commands/up.ts": "export type Options = string;\n",
  // A type of a higher layer.
  "catalog/a.ts": 'import type { B } from "../render/b";\nexport type A = B;\n',
  "render/b.ts": "export type B = string;\n",
  // A cycle of types.
  "settings/a.ts": 'import type { B } from "./b";\nexport interface A { b: B }\n',
  "settings/b.ts": 'import type { A } from "./a";\nexport interface B { a: A }\n',
  "components/a.ts": 'import type { C } from "../catalog/c";\nimport "../base/c";\nexport type A = C;\n',
  "catalog/c.ts": 'import "../base/c";\nexport type C = string;\n',
  "base/c.ts": "export {};\n",
  "tools/docker.ts": 'import "../lab";\nimport "../lab/stamp";\n',
  "lab/index.ts": 'import "./stamp";\n',
  "lab/stamp.ts": 'import "../yaml/read";\n',
  "yaml/read.ts": "export {};\n",
  // Only a test reaches this file.
  "render/dead.ts": "export {};\n",
  "tests/dead.ts": 'import "../render/dead";\n',
  "diff/orphan.ts": "export {};\n",
  "targets/a.ts": 'import "./nowhere";\n',
} as const;

describe("Layer check", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-layers-"));
    for (const [path, content] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { module: "Node16" } }));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("rejects every kind of import against the order, type imports included, and no other", () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
        ...["--config", join(ROOT, ".dependency-cruiser.cjs"), "--output-type", "json", "."],
      ],
      { cwd: folder, encoding: "utf8" },
    );
    assert.notEqual(stdout, "", stderr);
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: { rule: { name: string }; from: string; to: string }[] };
    };
    const found = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
    assert.deepEqual([...new Set(found)].sort(), [
      "components-are-a-package: components/a.ts -> catalog/c.ts",
      "lab-interface: tools/docker.ts -> lab/stamp.ts",
      "lab-knows-no-product: lab/stamp.ts -> yaml/read.ts",
      "layer-catalog: catalog/a.ts -> render/b.ts",
      "layer-cli-rooms: cli/compose/a.ts -> cli/commands/up.ts",
      "no-circular: settings/a.ts -> settings/b.ts",
      "no-dead-files: diff/orphan.ts -> diff/orphan.ts",
      "no-dead-files: render/dead.ts -> render/dead.ts",
      "no-dead-files: targets/a.ts -> targets/a.ts",
      "no-orphans: diff/orphan.ts -> diff/orphan.ts",
      "no-unresolved: targets/a.ts -> ./nowhere",
    ]);
  });
});
