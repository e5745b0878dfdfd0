import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { findChromium } from "../tools/chromium";
import { findDocker } from "../tools/docker";
import { findLanguageHost, findPulumi } from "../tools/pulumi";

/** Runs the suites one after the other and ends with the plain line `N passed, N failed`. */
const root = join(__dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);

interface Suite {
  name: string;
  steps: {
    title: string;
    command: string;
    args: string[];
    /** Whether it may run beside another one. @default false */
    beside?: boolean;
  }[];
}

const mocha = (suite: string) => ({
  title: `${suite} tests`,
  command: bin("mocha"),
  // Colour is for terminals; mocha also takes CI for one.
  args: ["--no-color", `tests/${suite}/**/*.test.ts`],
});

const suites: Suite[] = [
  {
    name: "static",
    steps: [
      { title: "types", command: bin("tsc"), args: ["--noEmit"] },
      { title: "lint", command: bin("eslint"), args: [".", "--max-warnings", "0"] },
      { title: "format", command: bin("prettier"), args: ["--check", "--log-level", "warn", "."] },
    ],
  },
  { name: "unit", steps: [mocha("unit")] },
  { name: "golden", steps: [mocha("golden")] },
  { name: "engine", steps: [mocha("engine")] },
  { name: "e2e", steps: endToEnd() },
];

/** A process each: in one, a suite that has failed would silence the others. */
function endToEnd(): Suite["steps"] {
  const files = readdirSync(join(__dirname, "e2e")).filter((file) => file.endsWith(".test.ts"));
  return files.sort().map((file) => ({
    title: `end-to-end tests: ${file.replace(".test.ts", "")}`,
    command: bin("mocha"),
    args: ["--no-color", `tests/e2e/${file}`],
    // These wait more than they work, and have ports of their own. Building twice and the Kubernetes node, which
    // is compiled meanwhile, want the machine for themselves; so does a workflow, which builds all images: one that
    // carries another commit under the same tag is another image, and whoever compares containers would see that.
    beside: !/^(images|kubernetes|workflows)/.test(file),
  }));
}

/** Enough for a handful of failures, little enough for the end of a log. */
const reportLines = 80;

interface Counts {
  passed: number;
  failed: number;
  /** What a step that failed said of it. */
  report?: string;
}

/**
 * Runs a step, shows its output as it comes (all at its end where two run side by side), and counts: mocha's own
 * figures, or one for a plain command.
 */
function run({ title, command, args, beside = false }: Suite["steps"][number]): Promise<Counts> {
  console.log(beside ? `\n… ${title}` : `\n▸ ${title}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (!beside) {
        process.stdout.write(chunk);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", (error) => {
      console.error(error.message);
      resolve({ passed: 0, failed: 1, report: `${title}\n${error.message}` });
    });
    child.on("close", (code) => {
      if (beside) {
        console.log(`\n▸ ${title}\n${output}`);
      }
      resolve(count(title, output, code ?? 1));
    });
  });
}

/** Those that may run beside another one in two lanes, then the others one by one. */
async function runAll(steps: Suite["steps"]): Promise<Counts[]> {
  const counts: Counts[] = [];
  const waiting = steps.filter(({ beside }) => beside);
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      counts.push(await run(step));
    }
  };
  await Promise.all([lane(), lane()]);
  for (const step of steps.filter(({ beside }) => !beside)) {
    counts.push(await run(step));
  }
  return counts;
}

function count(title: string, output: string, code: number): Counts {
  const figure = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
  const counts = { passed: figure("passing"), failed: figure("failing") };
  if (code === 0) {
    return counts.passed > 0 ? counts : { passed: 1, failed: 0 };
  }
  // From mocha its list of failures, from others the end of what they said.
  const start = /^ *\d+ failing/m.exec(output)?.index;
  const said = (start === undefined ? output : output.slice(start)).trim().split("\n");
  const lines = start === undefined ? said.slice(-reportLines) : said.slice(0, reportLines);
  return { ...counts, failed: Math.max(1, counts.failed), report: `${title}\n${lines.join("\n")}` };
}

/**
 * Finds or makes what tests with real parts need, with a line for whatever takes long, and hands it on in the
 * environment: the Docker Engine, the Pulumi engine, a browser.
 */
async function prepare(names: readonly string[]): Promise<void> {
  const say = (line: string) => {
    console.log(`  ${line}`);
  };
  const needs = (...suitesInNeed: string[]) => suitesInNeed.some((name) => names.includes(name));
  const docker = async () => {
    if (needs("unit", "engine", "e2e")) {
      Object.assign(process.env, (await findDocker(say)).env);
    }
  };
  const pulumi = async () => {
    if (needs("engine", "e2e")) {
      const found = await findPulumi(say);
      await findLanguageHost(found, say);
      process.env.PATH = [join(found.root, "bin"), process.env.PATH].join(delimiter);
    }
    if (needs("e2e")) {
      await findChromium(say);
    }
  };
  // One mostly downloads and packs, the other mostly compiles.
  await Promise.all([docker(), pulumi()]);
  if (needs("e2e")) {
    buildKubernetes();
  }
}

/**
 * The Kubernetes node, which the last suite needs and which takes minutes to compile, beside the suites before. Whoever
 * starts the node waits for this, and says what is wrong if it failed.
 */
function buildKubernetes(): void {
  const script = join(root, "tools", "lab", "kubernetes", "kubernetes.sh");
  spawn("nice", [script, "build"], { stdio: ["ignore", "ignore", "inherit"] }).unref();
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`unknown suite ${unknown.join(", ")}; known: ${suites.map(({ name }) => name).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const total = { passed: 0, failed: 0 };
  const reports: string[] = [];
  console.log("▸ tools");
  try {
    await prepare(chosen.map(({ name }) => name));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log("\n0 passed, 1 failed");
    process.exitCode = 1;
    return;
  }
  for (const { steps } of chosen) {
    for (const { passed, failed, report } of await runAll(steps)) {
      total.passed += passed;
      total.failed += failed;
      reports.push(...(report ? [report] : []));
    }
  }
  // Again at the end: a failure is thousands of lines away from the line that counts it.
  for (const report of reports) {
    console.log(`\n✖ ${report}`);
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

void main();
