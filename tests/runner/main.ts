import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { affectedBy, changedFiles, readerOf } from "./affected";
import { endChildren, killChildren } from "./children";
import { History } from "./history";
import { ImportGraph } from "./imports";
import { jobsOf, testFiles, type Job } from "./jobs";
import { requestOf, type Request } from "./request";
import { JobRunner } from "./run-job";
import { runAll } from "./schedule";
import { calibrate } from "./speed";
import { closingLine, timingsOf, timingTable, totalsOf, type JobOutcome } from "./summary";
import { Tools, toolsToCompile } from "./tools";

const root = join(__dirname, "..", "..");

/** Runs what is asked for, and ends with the plain line `N passed, N failed`. */
export async function main(words: readonly string[]): Promise<void> {
  // Until the closing line says otherwise: a run that ends in any other way has failed.
  process.exitCode = 1;
  process.once("exit", killChildren);
  let request: Request;
  let jobs: readonly Job[];
  const history = History.read();
  try {
    request = requestOf(words, process.env["CHANGED"]);
    jobs = await plan(request, history);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log(`\n${closingLine({ passed: 0, failed: 1, skipped: 0 })}`);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "longshore-tests-"));
  const stop = abortOnSignal();
  const deadline = abortAfter(Number(process.env["LONGSHORE_TEST_MINUTES"] ?? 0), stop);
  const started = performance.now();
  try {
    const outcomes = await execute(jobs, request, folder, stop.signal);
    report(outcomes, history, performance.now() - started);
    if (stop.signal.aborted) {
      console.log("interrupted: not everything was run");
    }
    const totals = totalsOf(outcomes);
    const isComplete = outcomes.length === jobs.length && !stop.signal.aborted;
    console.log(`\n${closingLine(isComplete ? totals : { ...totals, failed: totals.failed + 1 })}`);
    process.exitCode = isComplete && totals.failed === 0 && totals.passed > 0 ? 0 : 1;
  } finally {
    clearTimeout(deadline);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plan({ suites, files: named, since, quick }: Request, history: History): Promise<Job[]> {
  const gone = named.filter((file) => !existsSync(join(root, file)));
  if (gone.length > 0) {
    throw new Error(`test file: expected a file of this checkout, got ${gone.join(", ")}`);
  }
  const all = [...testFiles(root, suites), ...named];
  const graph = await ImportGraph.of(root, all);
  let files = all;
  if (since !== undefined) {
    const changed = changedFiles(root, since);
    files = affectedBy(changed, all, graph, readerOf(root));
    console.log(
      `  ${changed.length} files changed since ${since}: ${files.length} of ${all.length} test files are affected`,
    );
  }
  return jobsOf({ root, suites, files, graph, history, cached: quick });
}

async function execute(
  jobs: readonly Job[],
  { quick }: Request,
  folder: string,
  signal: AbortSignal,
): Promise<JobOutcome[]> {
  const slowness = calibrate();
  console.log(
    `▸ time limits are multiplied by ${slowness.toFixed(1)}, the measured slowness of this machine`,
  );
  const tools = new Tools((line) => {
    console.log(`  ${line}`);
  });
  const wanted = new Set(jobs.flatMap((job) => job.tools));
  tools.leaveOut(quick ? await toolsToCompile(wanted) : new Set());
  tools.start(wanted);
  const runner = new JobRunner({ root, folder, tools, slowness });
  const progress = setInterval(() => {
    console.log(
      runner
        .progress()
        .map((line) => `  ${line}`)
        .join("\n"),
    );
  }, 60_000);
  try {
    const cores = availableParallelism();
    const run = (job: Job) => runner.run(job);
    return await runAll({ jobs, run, tools, signal, least: cores, most: cores * 2 });
  } finally {
    clearInterval(progress);
    await tools.stop();
  }
}

/** The first Ctrl-C lets tests remove their containers, the second ends everything at once. */
function abortOnSignal(): AbortController {
  const stop = new AbortController();
  const end = () => {
    if (stop.signal.aborted) {
      process.exit(130);
    }
    console.log("ending the tests that run; again to end them at once, which leaves their containers behind");
    stop.abort();
    endChildren();
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  process.on("SIGHUP", end);
  return stop;
}

/** Ends the run with its closing line before continuous integration ends it without one. 0 sets no limit. */
function abortAfter(minutes: number, stop: AbortController): NodeJS.Timeout | undefined {
  if (!(minutes > 0)) {
    return undefined;
  }
  return setTimeout(() => {
    console.log(`${minutes} min are over: ending the tests that run`);
    stop.abort();
    endChildren();
  }, minutes * 60_000);
}

/** Prints the times, what was skipped, and every failure again: it is thousands of lines away from the line that counts it. */
function report(outcomes: readonly JobOutcome[], history: History, milliseconds: number): void {
  const timings = timingsOf(outcomes);
  const minutes = (milliseconds / 60_000).toFixed(1);
  console.log(`\n${timingTable(timings)}\n\nAll of it: ${minutes} min`);
  for (const { name, seconds } of timings.files.filter((each) => each.seconds > 0)) {
    history.note(name, seconds);
  }
  const folder = process.env["LONGSHORE_TEST_REPORTS"] ?? join(root, "reports");
  const totals = totalsOf(outcomes);
  const text = JSON.stringify(
    { date: new Date().toISOString(), minutes: Number(minutes), totals, ...timings },
    undefined,
    2,
  );
  try {
    history.write();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "tests.json"), `${text}\n`);
  } catch (error) {
    console.log(`the times of this run could not be kept: ${String(error)}`);
  }
  for (const { job, tests, skipped } of outcomes) {
    if (skipped !== undefined) {
      console.log(`skipped ${job.title} (${tests.length} tests): ${skipped}`);
    }
  }
  for (const outcome of outcomes) {
    if (outcome.report !== undefined) {
      console.log(`\n✖ ${outcome.report}`);
    }
  }
}
