import { setTimeout as sleep } from "node:timers/promises";
import {
  containerOf,
  lastLines,
  leaks,
  remainsOf,
  strangers,
  takeBaseline,
  violationsOf,
} from "./invariants";
import type { Baseline } from "./invariants";
import type { KnownFiles } from "./leftovers";
import { LoginHistory, readLogins } from "./logins";
import type { OwnDaemon } from "./own-daemon";
import type { RoundResult } from "./report";
import type { Operation, Round } from "./rounds";
import { Subject, type Running } from "./subject";
import { kill } from "./victims";
import { VolumeWatch } from "./volume-watch";
import { Writer } from "./writer";

const VOLUME = "db_data";
const POLL_MS = 5;

type Outcome = Omit<RoundResult, keyof Round | "number"> & { readonly milliseconds: number };

/** A subject that is up, a second installation beside it, and all that observes them. */
export class Bench {
  private readonly watch: VolumeWatch;
  private readonly writer: Writer;
  /** Ids that must be in the database. */
  private required = new Set<string>();
  private taken = 0;
  /** Ids that the newest dump must hold. */
  private dumped: ReadonlySet<string> | undefined;
  private seenViolations = 0;
  private seenRestarts = 0;
  private searched = 0;
  /** The second installation as it is when it is up. @default - it was never up */
  private second: Baseline | undefined;
  private isSecondUp = false;

  private constructor(
    readonly subject: Subject,
    private readonly other: Subject,
    readonly baseline: Baseline,
    private readonly logins: LoginHistory,
    private readonly daemon: OwnDaemon | undefined,
    private readonly files: KnownFiles,
  ) {
    this.watch = new VolumeWatch(`${baseline.project}_${VOLUME}`);
    this.writer = new Writer(subject.url);
  }

  static async start(port: number, daemon: OwnDaemon | undefined, files: KnownFiles): Promise<Bench> {
    const subject = new Subject(port);
    const { code, stdout, stderr } = await subject.longshore("up", "--yes");
    if (code !== 0) {
      throw new Error(`the first up failed: ${lastLines(stdout + stderr, 10)}`);
    }
    const baseline = await takeBaseline(subject);
    const logins = new LoginHistory(await readLogins(baseline.project));
    return new Bench(subject, new Subject(port + 1), baseline, logins, daemon, files);
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
  ): Promise<Outcome> {
    const subject = await this.prepare(operation);
    const before = new Set(this.takeAcknowledged());
    const begin = Date.now();
    const running = subject.start(operation);
    const killed =
      delayMs === undefined ? undefined : await this.killAfter(delayMs, victim, running, subject);
    const { code, stdout, stderr } = await running.ended;
    const milliseconds = Date.now() - begin;
    if (operation === "backup" && code === 0) {
      this.dumped = before;
    }
    const ended = Date.now();
    const violations = await this.recover(subject, operation);
    if (delayMs === undefined && code !== 0) {
      violations.push(`${operation} fails although nothing was killed: ${lastLines(stdout + stderr)}`);
    }
    const recoverySeconds = (Date.now() - ended) / 1000;
    if (violations.length === 0) {
      violations.push(...(await this.examine(operation)));
    }
    return { ...(killed !== undefined && { killed }), exit: code, recoverySeconds, violations, milliseconds };
  }

  /** Gives an operation what it needs. @returns the installation that it runs in */
  private async prepare(operation: Operation): Promise<Subject> {
    if (operation !== "create" && operation !== "destroy") {
      return this.subject;
    }
    const needsUp = operation === "destroy";
    if (this.isSecondUp !== needsUp) {
      const command = needsUp ? ["up", "--yes"] : ["down", "--volumes", "--yes"];
      const { code, stdout, stderr } = await this.other.longshore(...command);
      if (code !== 0) {
        throw new Error(`${command.join(" ")} of the second installation: ${lastLines(stdout + stderr, 6)}`);
      }
      this.isSecondUp = needsUp;
    }
    return this.other;
  }

  /** Waits, then kills the victim, as soon as it exists. */
  private async killAfter(
    delayMs: number,
    victim: Round["victim"],
    { pid, ended }: Running,
    subject: Subject,
  ): Promise<string | undefined> {
    const state = { isOver: false };
    void ended.then(() => (state.isOver = true));
    await Promise.race([ended, sleep(delayMs)]);
    const { project } = subject === this.other && this.second ? this.second : this.baseline;
    for (;;) {
      // Docker may be what an earlier attempt found missing.
      const killed = await kill(victim, { cli: pid, project, daemon: this.daemon }).catch(() => undefined);
      if (killed !== undefined || state.isOver) {
        return killed;
      }
      await sleep(POLL_MS);
    }
  }

  /** From whatever is left to a settled deployment, as an operator would. */
  private async recover(subject: Subject, operation: Operation): Promise<string[]> {
    const left = await subject.untilQuiet();
    const violations = left.length === 0 ? [] : [`processes still run after the command: ${left.join(", ")}`];
    await this.daemon?.ready();
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await subject.longshore(...args);
      if (code !== 0) {
        violations.push(`${args.join(" ")}: exit ${code}: ${lastLines(stdout + stderr, 6)}`);
      }
    };
    await run("recover", "--yes");
    if (operation === "destroy") {
      await run("down", "--volumes", "--yes");
      this.isSecondUp = violations.length > 0;
      return violations;
    }
    await run("up", "--yes");
    if (operation === "create") {
      this.isSecondUp = true;
    }
    return violations;
  }

  private async examine(operation: Operation): Promise<string[]> {
    try {
      const { subject, baseline } = this;
      const violations = await this.restartAfterCrash();
      violations.push(...(await violationsOf(subject, baseline)));
      violations.push(...(await this.examineOther()));
      if (this.daemon !== undefined) {
        const second = this.second && this.isSecondUp ? [this.second.project] : [];
        violations.push(...(await strangers([baseline.project, ...second])));
      }
      violations.push(...(await this.lostWrites(operation)));
      const db = await containerOf(baseline.project, "db");
      violations.push(...(await this.logins.violations(db, await readLogins(baseline.project))));
      violations.push(...(await this.leaked()));
      violations.push(...this.watch.violations.slice(this.seenViolations));
      this.seenViolations = this.watch.violations.length;
      violations.push(...this.files.violations(subject), ...this.files.violations(this.other));
      return violations;
    } catch (error) {
      return [`the deployment cannot be examined: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  /** Runs `up` where no command has: Docker leaves services stopped when it starts after a crash. */
  private async restartAfterCrash(): Promise<string[]> {
    const restarts = this.daemon?.restarts ?? 0;
    if (restarts === this.seenRestarts) {
      return [];
    }
    this.seenRestarts = restarts;
    const violations: string[] = [];
    for (const subject of this.isSecondUp ? [this.subject, this.other] : [this.subject]) {
      const { code, stdout, stderr } = await subject.longshore("up", "--yes");
      if (code !== 0) {
        violations.push(`up after a crash of dockerd: exit ${code}: ${lastLines(stdout + stderr, 6)}`);
      }
    }
    return violations;
  }

  private async examineOther(): Promise<string[]> {
    if (this.isSecondUp) {
      this.second ??= await takeBaseline(this.other);
      return violationsOf(this.other, this.second);
    }
    return this.second ? remainsOf(this.other, this.second.project) : [];
  }

  private async leaked(): Promise<string[]> {
    const since = this.searched;
    this.searched = Date.now();
    const files = this.daemon ? [this.daemon.log] : [];
    return leaks(this.subject, this.baseline.project, { urls: this.logins.urls.slice(-12), files, since });
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
    for (const subject of [this.subject, this.other]) {
      await subject.untilQuiet();
      await subject.longshore("down", "--volumes", "--yes");
      subject.checkout.remove();
    }
    await this.daemon?.empty();
  }
}
