import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { reports } from "../support/end-to-end";
import { commitUnderTest } from "./commit";
import { lastLines, takeBaseline } from "./invariants";
import { Load, type Sample } from "./load";
import type { OwnDaemon } from "./own-daemon";
import { renderSoak, type SoakResult } from "./soak-report";
import type { Operation } from "./rounds";
import { withSandbox } from "./sandbox";
import { Subject } from "./subject";
import { measureUse, type Use } from "./use";

const root = join(__dirname, "..", "..");
/** Order of the operations. Each is followed by a pause, so that requests without any are measured too. */
const CYCLE: readonly Operation[] = [
  "up-with-change",
  "backup",
  "rotate-application-password",
  "restart-backend",
  "rotate-migration-password",
  "up-without-change",
  "rotate-administrator-password",
  "restart-database",
];
const PAUSE_MS = 20_000;
const PROGRESS_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "100" },
    port: { type: "string", default: "18480" },
    shared: { type: "boolean", default: false },
    page: { type: "string" },
  },
});

async function soak(daemon: OwnDaemon | undefined): Promise<void> {
  const commit = commitUnderTest(root);
  const subject = new Subject(Number(values.port));
  const failures: string[] = [];
  const run = async (start: () => ReturnType<Subject["start"]>, what: string) => {
    const { code, stdout, stderr } = await start().ended;
    if (code !== 0) {
      failures.push(`${what}: exit ${code}: ${lastLines(stdout + stderr, 4)}`);
      console.log(`  FAILED ${failures.at(-1) ?? ""}`);
    }
  };
  await run(() => subject.start("up-without-change"), "the first up");
  const { project } = await takeBaseline(subject);
  const load = new Load(subject.url, Number(values.rate));
  const begin = Date.now();
  const end = begin + Number(values.minutes) * 60_000;
  const uses: Use[] = [];
  const loads: number[] = [];
  const counts: Partial<Record<Operation, number>> = {};
  const save = async () => {
    const result: SoakResult = {
      date: new Date().toISOString().slice(0, 10),
      commit,
      minutes: (Date.now() - begin) / 60_000,
      rate: Number(values.rate),
      cores: cpus().length,
      machineLoad: loads.reduce((sum, one) => sum + one, 0) / Math.max(1, loads.length),
      counts,
      samples: load.samples,
      uses,
      failures,
    };
    const page = await format(renderSoak(result), { parser: "markdown" });
    mkdirSync(join(reports, "campaign"), { recursive: true });
    writeFileSync(join(reports, "campaign", "soak.md"), page);
    if (values.page !== undefined) {
      writeFileSync(join(root, values.page), page);
    }
  };
  let seen = 0;
  const progress = async () => {
    while (Date.now() < end) {
      uses.push(await measureUse(project, daemon, (Date.now() - begin) / 60_000));
      loads.push(loadavg()[0] ?? 0);
      await save();
      const news = load.samples.slice(seen);
      seen += news.length;
      console.log(describe((Date.now() - begin) / 60_000, news));
      await sleep(Math.min(PROGRESS_MS, Math.max(0, end - Date.now())));
    }
  };
  const operate = async () => {
    for (let index = 0; Date.now() < end; index++) {
      const operation = CYCLE[index % CYCLE.length] ?? "backup";
      await sleep(PAUSE_MS);
      load.phase = operation;
      await run(() => subject.start(operation), operation);
      load.phase = "nothing";
      counts[operation] = (counts[operation] ?? 0) + 1;
    }
  };
  try {
    await Promise.all([progress(), operate()]);
  } finally {
    await load.stop();
    await save();
    await subject.longshore("down", "--volumes", "--yes");
    subject.checkout.remove();
  }
  const failed = load.samples.filter(({ failure }) => failure !== undefined).length;
  console.log(`\n${load.samples.length - failed} requests succeeded, ${failed} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function describe(minute: number, samples: readonly Sample[]): string {
  const failed = samples.filter(({ failure }) => failure !== undefined);
  const times = samples.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0;
  const kinds = [...new Set(failed.map(({ phase, failure }) => `${phase}: ${failure ?? ""}`))].slice(0, 4);
  return (
    `${minute.toFixed(0)} min: ${samples.length} requests, ${failed.length} failed, p95 ${p95.toFixed(0)} ms` +
    (kinds.length > 0 ? ` (${kinds.join("; ")})` : "")
  );
}

withSandbox(soak, values).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
