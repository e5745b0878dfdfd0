import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { throwProblems } from "../../base/problems";
import type { Workload } from "../../catalog/plan";
import type * as Deploying from "../engine/deploy";
import {
  locked,
  withExamples,
  withJson,
  withSystem,
  type JsonOption,
  type SystemOption,
} from "../support/options";
import { TEST_STACK } from "../support/project";
import { containersOf, copyFrom, deleteVolumes } from "../compose/docker";
import { EXIT, Failure } from "../support/failure";
import type { Progress } from "../support/progress";
import { openTerminal, plural, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { rerunEnvironment } from "../engine/rerun";
import { withOpenStack } from "../engine/with-open-stack";
import { readReports, type Reports } from "../engine/reports";
import type { OpenStack } from "../engine/stack";

export interface TestOptions extends SystemOption, JsonOption {
  /** Output folder of the reports. */
  readonly out: string;
  /** Whether to keep the systems running. */
  readonly keep?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("test")
    .description(
      `bring systems up with empty databases (stack ${TEST_STACK}), run their test runners, take them down`,
    )
    .option("--out <folder>", "where each system's junit.xml and coverage.xml go", "reports")
    .option("--keep", "leave the systems running, to look at what failed");
  withExamples(withJson(withSystem(command)), [
    ["longshore test --system todo", "reports/todo/junit.xml, and exit code 1 when a test failed"],
    ["longshore test --system todo --keep", `then: longshore logs --stack ${TEST_STACK}`],
  ]);
  return command.action((options: TestOptions) => locked(TEST_STACK, "test", () => test(options)));
}

/** The job that tests a running system, and the volume with its reports. */
const RUNNER = "test-runner";
const REPORTS = "reports";

interface Outcome {
  readonly system: string;
  readonly passed: boolean;
  /** Folder of the reports. @default - the test runner wrote none */
  readonly folder?: string;
  readonly reports?: Reports;
}

/** Runs `longshore test`: tests one system after the other, each with empty databases. */
export async function test({ system, out, keep = false, json = false }: TestOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const outcomes: Outcome[] = [];
  await withOpenStack({ stack: TEST_STACK, system }, terminal, async (found, progress, engine) => {
    const opened = { ...found, env: { ...found.env, ...rerunEnvironment([RUNNER], found.plans) } };
    for (const { system: name, runner } of runnersOf(opened, system)) {
      try {
        // Removes the remainder of a kept or interrupted run, which would be tested too.
        await clear(opened, name, terminal, progress, engine);
        outcomes.push(await testSystem(opened, name, runner, out, terminal, progress, engine));
      } finally {
        if (!keep) {
          await clear(opened, name, terminal, progress, engine);
        }
      }
    }
  });
  const failed = outcomes.filter(({ passed }) => !passed);
  if (json) {
    terminal.json({ stack: TEST_STACK, passed: failed.length === 0, systems: outcomes });
  } else {
    outcomes.map(describe).forEach(terminal.out);
  }
  process.exitCode = failed.length === 0 ? EXIT.ok : EXIT.failed;
}

/** @throws ProblemsError if a system was requested by name and has no test runner */
function runnersOf({ plans }: OpenStack, asked: readonly string[]): { system: string; runner: Workload }[] {
  const found = plans
    .filter(({ system }) => asked.length === 0 || asked.includes(system))
    .map(({ system, workloads }) => ({ system, runner: workloads.find(({ name }) => name === RUNNER) }));
  throwProblems(
    "--system",
    found
      .filter(({ runner }) => asked.length > 0 && runner === undefined)
      .map(({ system }) => ({
        path: system,
        message: `has no job ${RUNNER} in the environment test`,
        fix: "describe one (docs/how-to/develop-and-test.md)",
      })),
  );
  return found.flatMap(({ system, runner }) => (runner ? [{ system, runner }] : []));
}

async function testSystem(
  opened: OpenStack,
  system: string,
  runner: Workload,
  out: string,
  terminal: Terminal,
  progress: Progress,
  { deploy, throwIfFailed }: typeof Deploying,
): Promise<Outcome> {
  const result = await deploy("up", opened, terminal, progress, { system: [system] });
  const engine = { env: environmentWith(opened.env) };
  const containers = await containersOf(engine, TEST_STACK);
  const container = containers.find((one) => one.system === system && one.service === RUNNER);
  const ran = container !== undefined && container.state === "exited";
  if (!ran) {
    throwIfFailed("up", opened, result);
    throw new Failure(`${system}: the job ${RUNNER} did not run to its end`);
  }
  const volume = runner.volumes.find(({ name }) => name === REPORTS);
  const folder = join(out, system);
  const reports = volume && (await fetchReports(engine, container.id, volume.path, folder));
  return {
    system,
    // A run without any reported test does not pass.
    passed: result.status === "ok" && container.exitCode === 0 && reports !== undefined && reports.tests > 0,
    ...(reports && { folder, reports }),
  };
}

async function fetchReports(
  engine: Parameters<typeof copyFrom>[0],
  container: string,
  path: string,
  folder: string,
): Promise<Reports | undefined> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await copyFrom(engine, container, `${path}/.`, folder);
  return readReports(folder);
}

/** Takes a system of the test stack down and deletes its data. */
async function clear(
  opened: OpenStack,
  system: string,
  terminal: Terminal,
  progress: Progress,
  { deploy, throwIfFailed }: typeof Deploying,
): Promise<void> {
  throwIfFailed("destroy", opened, await deploy("destroy", opened, terminal, progress, { system: [system] }));
  await deleteVolumes({ env: environmentWith(opened.env) }, [system], TEST_STACK);
}

function describe({ system, passed, folder, reports }: Outcome): string {
  if (!reports) {
    return `${system}: failed, without a report`;
  }
  const { tests, failed, skipped, coverage } = reports;
  const parts = [
    `${tests - failed - skipped} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(coverage === undefined ? [] : [`${Math.round(coverage * 100)} % of the lines`]),
  ];
  return `${system}: ${passed ? "passed" : "failed"}, ${plural(tests, "test")}: ${parts.join(", ")} (${folder ?? ""})`;
}
