import { join } from "node:path";
import { runChild } from "./children";
import type { Job } from "./jobs";
import { currentTest, readEvents, summarize, type JobResults } from "./results";
import { reportOf, type JobOutcome } from "./summary";
import type { Tools } from "./tools";

/** A file that neither ends nor fails is ended; mocha's own limits come long before. */
const JOB_LIMIT_MS = 40 * 60_000;

export interface RunJobOptions {
  readonly root: string;
  /** Where the processes write their results. */
  readonly folder: string;
  readonly tools: Tools;
  readonly slowness: number;
}

/** Runs jobs, and knows what runs. */
export class JobRunner {
  private readonly running = new Map<Job, string>();

  constructor(private readonly options: RunJobOptions) {}

  /** Runs a job, or says why it cannot run. Never rejects. */
  async run(job: Job): Promise<JobOutcome> {
    const { tools } = this.options;
    const unavailable = job.tools.find((tool) => tools.unavailable.has(tool));
    if (unavailable !== undefined) {
      return this.skip(job, tools.unavailable.get(unavailable) ?? "");
    }
    const broken = job.tools.find((tool) => tools.broken.has(tool));
    if (broken !== undefined) {
      const problem = `${broken}: ${tools.broken.get(broken) ?? ""}`;
      return { job, seconds: 0, tests: [], hooks: [], problem, report: `${job.title}\n${problem}` };
    }
    return this.execute(job);
  }

  /** One line for each job that runs, with the test that it is at. */
  progress(): string[] {
    return [...this.running].map(([job, file]) => {
      const test = currentTest(readEvents(file));
      return `… ${job.title}${test === undefined ? "" : `: ${test}`}`;
    });
  }

  private async execute(job: Job): Promise<JobOutcome> {
    const { root, slowness } = this.options;
    const file = this.resultsOf(job);
    const started = performance.now();
    console.log(`… ${job.title}`);
    this.running.set(job, file);
    const { code, output, problem } = await runChild(job.command, job.args, {
      cwd: root,
      env: { LONGSHORE_TEST_RESULTS: file, LONGSHORE_TEST_RUN: this.options.folder },
      limitMs: JOB_LIMIT_MS * Math.min(2, slowness),
    });
    this.running.delete(job);
    const seconds = (performance.now() - started) / 1000;
    const results = job.files.length > 0 ? summarize(readEvents(file), code) : asTest(job, code, seconds);
    const problems = [problem, results.problem].filter((each) => each !== undefined).join("; ");
    const hasFailed = problems !== "" || results.tests.some(({ state }) => state === "failed");
    console.log(`\n▸ ${job.title}, ${seconds.toFixed(1)} s\n${output.trimEnd()}\n`);
    return {
      ...{ job, seconds, tests: results.tests, hooks: results.hooks },
      ...(problems !== "" && { problem: problems }),
      ...(hasFailed && { report: [job.title, problems, reportOf(output)].filter(Boolean).join("\n") }),
    };
  }

  /** A dry run finds out how many tests are left out. */
  private async skip(job: Job, skipped: string): Promise<JobOutcome> {
    const file = this.resultsOf(job);
    await runChild(job.command, ["--dry-run", ...job.args], {
      cwd: this.options.root,
      env: { LONGSHORE_TEST_RESULTS: file },
      limitMs: JOB_LIMIT_MS,
    });
    const tests = summarize(readEvents(file), 0).tests.map((test) => ({
      ...test,
      state: "skipped" as const,
      ms: 0,
    }));
    const unknown = [{ title: job.title, file: job.files[0] ?? "", state: "skipped" as const, ms: 0 }];
    console.log(`– ${job.title}: skipped, ${skipped}`);
    return { job, seconds: 0, tests: tests.length > 0 ? tests : unknown, hooks: [], skipped };
  }

  private resultsOf(job: Job): string {
    return join(this.options.folder, `${job.title.replace(/\W+/g, "-")}.jsonl`);
  }
}

/** A plain command counts as one test. */
function asTest(job: Job, code: number, seconds: number): JobResults {
  return {
    tests: [{ title: job.title, file: "", state: code === 0 ? "passed" : "failed", ms: seconds * 1000 }],
    hooks: [],
  };
}
