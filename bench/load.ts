import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * How long it takes until the program for Google Cloud (`targets/cloud.ts` and all it imports) is loaded, by ways
 * of loading TypeScript. Whole
 * process, median. `ts-node` is the copy that Pulumi brings and uses by default.
 */
const root = join(__dirname, "..");
const tsc = join(root, "node_modules", ".bin", "tsc");

interface Loader {
  name: string;
  args: string[];
  before?: () => void;
}

function loaders(compiled: string): Loader[] {
  const tsNode = join(root, "node_modules/@pulumi/pulumi/vendor/ts-node@7.0.1");
  const bundles = join(root, "node_modules/.cache/longshore");
  const viaTsNode = (transpileOnly: boolean) =>
    `require(${JSON.stringify(tsNode)}).register({transpileOnly: ${transpileOnly}, cache: false}); require("./targets/cloud.ts")`;
  const ours = ["-e", 'require("./bin/load.cjs").load("targets/cloud.ts")'];
  return [
    { name: "bundle, nothing changed (ours)", args: ours },
    {
      name: "bundle, a source changed (ours)",
      args: ours,
      before: () => {
        rmSync(bundles, { recursive: true, force: true });
      },
    },
    {
      name: "compiled beforehand by tsc",
      args: ["-e", `require(${JSON.stringify(join(compiled, "targets/cloud.js"))})`],
    },
    { name: "tsx", args: ["--import", "tsx", "-e", 'require("./targets/cloud.ts")'] },
    { name: "ts-node, transpile only", args: ["-e", viaTsNode(true)] },
    { name: "ts-node with types (Pulumi's default)", args: ["-e", viaTsNode(false)] },
  ];
}

function secondsOf({ args, before }: Loader): number {
  before?.();
  const start = process.hrtime.bigint();
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function main(): void {
  const compiled = mkdtempSync(join(root, "node_modules", ".cache", "compiled-"));
  try {
    // It writes what it can also where a type is wrong just now.
    spawnSync(tsc, ["--noEmit", "false", "--incremental", "false", "--outDir", compiled], { cwd: root });
    const results = loaders(compiled).map((loader) => ({
      name: loader.name,
      seconds: median(Array.from({ length: loader.name.includes("types") ? 1 : 5 }, () => secondsOf(loader))),
    }));
    const first = results[0]?.seconds ?? 1;
    console.log("loading the program: seconds of a whole process, and the ratio to ours");
    for (const { name, seconds } of results) {
      console.log(`  ${name.padEnd(40)} ${seconds.toFixed(2)} s  ${(seconds / first).toFixed(1)}x`);
    }
  } finally {
    rmSync(compiled, { recursive: true });
  }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

main();
