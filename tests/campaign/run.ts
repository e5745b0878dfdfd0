import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { reports } from "../support/end-to-end";
import { Bench } from "./bench";
import { commitUnderTest } from "./commit";
import { KnownFiles, LEFT_BEHIND } from "./leftovers";
import type { OwnDaemon } from "./own-daemon";
import { renderReport, type Campaign, type RoundResult } from "./report";
import { drawRounds, OPERATIONS, type Operation } from "./rounds";
import { withSandbox } from "./sandbox";

const root = join(__dirname, "..", "..");

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string" },
    port: { type: "string", default: "18470" },
    /** Number of the first round. */
    from: { type: "string", default: "0" },
    /** Uses the machine's Docker, and kills neither dockerd nor containerd. */
    shared: { type: "boolean", default: false },
    page: { type: "string" },
    /** Seeds of earlier campaigns, whose results the page contains too. */
    with: { type: "string", multiple: true, default: [] },
  },
});

const fileOf = (seed: number | string): string => join(reports, "campaign", String(seed), "results.json");

async function campaign(daemon: OwnDaemon | undefined): Promise<void> {
  const seed = Number(values.seed);
  const port = Number(values.port);
  const folder = join(reports, "campaign", String(seed));
  mkdirSync(folder, { recursive: true });
  const commit = commitUnderTest(root);
  const files = new KnownFiles();
  let bench = await Bench.start(port, daemon, files);
  const results: RoundResult[] = [];
  const totals = { acknowledged: 0, refused: 0, looks: 0 };
  const save = async () => {
    const { acknowledged, refused, looks } = bench.counts;
    const now: Campaign = {
      date: new Date().toISOString().slice(0, 10),
      commit,
      seed,
      results,
      acknowledgedWrites: totals.acknowledged + acknowledged,
      refusedWrites: totals.refused + refused,
      volumeLooks: totals.looks + looks,
    };
    writeFileSync(fileOf(seed), JSON.stringify(now, undefined, 2));
    const page = await format(renderReport([...earlier(), now]), { parser: "markdown" });
    writeFileSync(join(folder, "campaign.md"), page);
    if (values.page !== undefined) {
      writeFileSync(join(root, values.page), page);
    }
  };
  const remove = async () => {
    const { acknowledged, refused, looks } = bench.counts;
    await bench.remove();
    totals.acknowledged += acknowledged;
    totals.refused += refused;
    totals.looks += looks;
  };
  try {
    const usual = await measure(bench);
    files.stopLearning();
    const rounds = drawRounds(Number(values.kills), seed, { ownDaemon: daemon !== undefined });
    for (const [index, round] of [...rounds.entries()].slice(Number(values.from))) {
      const delay = Math.round(round.moment * usual[round.operation]);
      const { milliseconds: _, ...result } = await bench.round(round, delay);
      results.push({ ...round, number: index, ...result });
      const { killed = "nothing", violations, exit, recoverySeconds } = result;
      const verdict = violations.length === 0 ? "ok" : `VIOLATED ${violations.join("; ")}`;
      console.log(
        `${index}: ${round.operation}, after ${delay} ms killed ${killed}: exit ${exit}, settled in ${recoverySeconds.toFixed(1)} s, ${verdict}`,
      );
      await save();
      if (violations.length > 0) {
        writeFileSync(join(folder, `${index}.log`), bench.subject.printed.slice(-8).join("\n\n"));
      }
      if (violations.some((one) => !one.startsWith(LEFT_BEHIND))) {
        // The next round must not inherit what this one broke.
        await remove();
        bench = await Bench.start(port, daemon, files);
      }
    }
  } finally {
    await remove();
  }
  const failed = results.filter(({ violations }) => violations.length > 0).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function earlier(): Campaign[] {
  return values.with
    .filter((seed) => existsSync(fileOf(seed)))
    .map((seed) => JSON.parse(readFileSync(fileOf(seed), "utf8")) as Campaign);
}

/** Runs each operation once undisturbed: that must work, and its duration says when to kill. */
async function measure(bench: Bench): Promise<Record<Operation, number>> {
  const usual: Partial<Record<Operation, number>> = {};
  for (const operation of OPERATIONS) {
    const { milliseconds, violations } = await bench.round({ operation, victim: "cli" }, undefined);
    console.log(`undisturbed ${operation}: ${(milliseconds / 1000).toFixed(1)} s`);
    if (violations.length > 0) {
      throw new Error(`${operation}, undisturbed: ${violations.join("; ")}`);
    }
    usual[operation] = milliseconds;
  }
  return usual as Record<Operation, number>;
}

if (values.seed === undefined) {
  values.seed = String(Math.floor(Math.random() * 2 ** 31));
  // The program starts again inside the sandbox, with the same arguments.
  process.argv.push("--seed", values.seed);
  console.log(`campaign: ${values.kills} rounds; again with: make campaign SEED=${values.seed}`);
}

withSandbox(campaign, values).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
});
