import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { findDocker } from "../../tools/docker";
import { findPulumi } from "../../tools/pulumi";
import { run } from "../../tools/process";
import { reports } from "../support/end-to-end";
import {
  containerOf,
  databaseUrl,
  lastLines,
  leaks,
  loginViolations,
  takeBaseline,
  violationsOf,
  type Baseline,
} from "./invariants";
import { renderReport, type RoundResult } from "./report";
import { drawRounds, OPERATIONS, type Operation, type Round } from "./rounds";
import { Subject } from "./subject";
import { kill } from "./victims";
import { VolumeWatch } from "./volume-watch";
import { Writer } from "./writer";

const root = join(__dirname, "..", "..");
const VOLUME = "db_data";

/** A subject that is up, with all that observes it. */
class Bench {
  private readonly watch: VolumeWatch;
  private readonly writer: Writer;
  /** Ids that must be in the database. */
  private required = new Set<string>();
  private taken = 0;
  /** Ids that the newest dump must hold. */
  private dumped: ReadonlySet<string> | undefined;
  private readonly replacedLogins: string[] = [];
  private seenViolations = 0;

  private constructor(
    readonly subject: Subject,
    readonly baseline: Baseline,
    private login: string,
    private readonly hasRecover: boolean,
  ) {
    this.watch = new VolumeWatch(`${baseline.project}_${VOLUME}`);
    this.writer = new Writer(subject.url);
  }

  static async start(port: number): Promise<Bench> {
    const subject = new Subject(port);
    const { code, stdout, stderr } = await subject.longshore("up", "--yes");
    if (code !== 0) {
      throw new Error(`the first up failed: ${lastLines(stdout + stderr, 10)}`);
    }
    const baseline = await takeBaseline(subject);
    const help = await subject.longshore("--help");
    return new Bench(
      subject,
      baseline,
      await databaseUrl(baseline.project),
      /^ +recover\b/m.test(help.stdout),
    );
  }

  get counts() {
    return {
      acknowledged: this.writer.acknowledged.length,
      refused: this.writer.refused,
      looks: this.watch.looks,
    };
  }

  /** Runs an operation, kills the victim after a delay, recovers, and returns what is not as promised. */
  async round(
    { operation, victim }: Pick<Round, "operation" | "victim">,
    delayMs: number | undefined,
  ): Promise<Omit<RoundResult, keyof Round | "number"> & { readonly milliseconds: number }> {
    const before = new Set(this.takeAcknowledged());
    const begin = Date.now();
    const running = this.subject.start(operation);
    let killed: string | undefined;
    if (delayMs !== undefined) {
      await Promise.race([running.ended, sleep(delayMs)]);
      killed = await kill(victim, running.pid, this.baseline.project);
    }
    const { code, stdout, stderr } = await running.ended;
    const milliseconds = Date.now() - begin;
    if (operation === "backup" && code === 0) {
      this.dumped = before;
    }
    const ended = Date.now();
    const violations = await this.recover();
    if (delayMs === undefined && code !== 0) {
      violations.push(`${operation} fails although nothing was killed: ${lastLines(stdout + stderr)}`);
    }
    if (violations.length === 0) {
      const recovered = Date.now() - ended;
      return {
        ...(killed !== undefined && { killed }),
        exit: code,
        recoverySeconds: recovered / 1000,
        violations: await this.examine(operation),
        milliseconds,
      };
    }
    return {
      ...(killed !== undefined && { killed }),
      exit: code,
      recoverySeconds: 0,
      violations,
      milliseconds,
    };
  }

  /** From whatever is left to a settled deployment, as an operator would. */
  private async recover(): Promise<string[]> {
    const left = await this.subject.untilQuiet();
    const violations = left.length === 0 ? [] : [`processes still run after the command: ${left.join(", ")}`];
    if (this.hasRecover) {
      const { code, stdout, stderr } = await this.subject.longshore("recover", "--yes");
      if (code !== 0) {
        violations.push(`recover: exit ${code}: ${lastLines(stdout + stderr)}`);
      }
    }
    const { code, stdout, stderr } = await this.subject.longshore("up", "--yes");
    if (code !== 0) {
      violations.push(`up: exit ${code}: ${lastLines(stdout + stderr, 6)}`);
    }
    return violations;
  }

  private async examine(operation: Operation): Promise<string[]> {
    try {
      const violations = await violationsOf(this.subject, this.baseline);
      violations.push(...(await this.lostWrites(operation)));
      const login = await databaseUrl(this.baseline.project);
      if (login !== this.login) {
        this.replacedLogins.push(this.login);
        this.login = login;
      }
      const { project } = this.baseline;
      // PostgreSQL has two logins that take turns: older ones share the name of the current one.
      violations.push(...(await loginViolations(project, this.login, this.replacedLogins.slice(-3))));
      violations.push(...(await leaks(this.subject, project, [this.login, ...this.replacedLogins])));
      violations.push(...this.watch.violations.slice(this.seenViolations));
      this.seenViolations = this.watch.violations.length;
      return violations;
    } catch (error) {
      return [`the deployment cannot be examined: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  /** After a restore, finished or not, only what the dump holds is required. */
  private async lostWrites(operation: Operation): Promise<string[]> {
    const required = operation === "restore" ? (this.dumped ?? new Set()) : new Set(this.takeAcknowledged());
    const db = await containerOf(this.baseline.project, "db");
    const present = new Set(await this.subject.sql("select id from todo", db));
    if (operation === "restore") {
      this.takeAcknowledged();
      this.required = new Set([...this.required].filter((id) => present.has(id)));
    }
    const lost = [...required].filter((id) => !present.has(id));
    return lost.length === 0 ? [] : [`${lost.length} of ${required.size} acknowledged writes are lost`];
  }

  /** Adds what was acknowledged since the last call. */
  private takeAcknowledged(): ReadonlySet<string> {
    const { acknowledged } = this.writer;
    for (; this.taken < acknowledged.length; this.taken++) {
      const write = acknowledged[this.taken];
      if (write) {
        this.required.add(write.id);
      }
    }
    return this.required;
  }

  async remove(): Promise<void> {
    await this.writer.stop();
    await this.watch.stop();
    await this.subject.untilQuiet();
    await this.subject.longshore("down", "--volumes", "--yes");
    this.subject.checkout.remove();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      port: { type: "string", default: "18470" },
      only: { type: "string" },
      dockerd: { type: "boolean", default: false },
      page: { type: "string" },
    },
  });
  const seed = Number(values.seed);
  const port = Number(values.port);
  console.log(`campaign: ${values.kills} rounds, seed ${seed}; again with: make campaign SEED=${seed}`);
  await prepare();
  const folder = join(reports, "campaign", String(seed));
  mkdirSync(folder, { recursive: true });

  let bench = await Bench.start(port);
  const results: RoundResult[] = [];
  const totals = { acknowledged: 0, refused: 0, looks: 0 };
  const renew = async () => {
    const { acknowledged, refused, looks } = bench.counts;
    totals.acknowledged += acknowledged;
    totals.refused += refused;
    totals.looks += looks;
    await bench.remove();
  };
  try {
    const usual = await measure(bench);
    const rounds = drawRounds(Number(values.kills), seed, { dockerd: values.dockerd });
    for (const [index, round] of rounds.entries()) {
      if (values.only !== undefined && Number(values.only) !== index) {
        continue;
      }
      const delay = Math.round(round.moment * usual[round.operation]);
      const { milliseconds: _, ...result } = await bench.round(round, delay);
      results.push({ ...round, number: index, ...result });
      const { killed = "nothing", violations, exit, recoverySeconds } = result;
      const verdict = violations.length === 0 ? "ok" : `VIOLATED ${violations.join("; ")}`;
      console.log(
        `${index}: ${round.operation}, after ${delay} ms killed ${killed}: exit ${exit}, settled in ${recoverySeconds.toFixed(1)} s, ${verdict}`,
      );
      if (violations.length > 0) {
        writeFileSync(join(folder, `${index}.log`), bench.subject.printed.slice(-8).join("\n\n"));
        // The next round must not inherit what this one broke.
        await renew();
        bench = await Bench.start(port);
      }
    }
  } finally {
    await renew();
  }
  const failed = results.filter(({ violations }) => violations.length > 0).length;
  const text = renderReport({
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
    seed,
    results,
    acknowledgedWrites: totals.acknowledged,
    refusedWrites: totals.refused,
    volumeLooks: totals.looks,
  });
  const page = await format(text, { parser: "markdown" });
  writeFileSync(join(folder, "campaign.md"), page);
  if (values.page !== undefined) {
    writeFileSync(join(root, values.page), page);
  }
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
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

async function prepare(): Promise<void> {
  const say = (line: string) => {
    console.log(`  ${line}`);
  };
  Object.assign(process.env, (await findDocker(say)).env);
  await findPulumi(say);
  const { code, stderr } = await run("docker", ["version"]);
  if (code !== 0) {
    throw new Error(`no Docker Engine answers: ${stderr.trim()}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
});
