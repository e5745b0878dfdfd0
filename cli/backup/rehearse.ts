import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { documentOf } from "../../providers/compose/restart";
import { run } from "../../tools/process";
import type { RestoreOptions } from "./restore";
import { EXIT, Failure, usage } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { startProgress } from "../support/progress";
import { formatSeconds, openTerminal, type Terminal } from "../support/terminal";
import { identityOf, openDump, verifyDump } from "./encryption";
import { nameOf, type Store } from "./job";
import { rehearsalDocument } from "./rehearsal-document";
import { rehearsalSummary, type FailedRehearsal, type Rehearsal } from "./rehearsal-summary";
import { bring, chooseDump } from "./restore";
import { folderOf, running, storesOf, type KnownStore } from "./stores";
import { projectOf, type Engine } from "../compose/docker";

/** Time limit for a copy to become healthy, and for a job to complete. */
const PATIENCE_MS = 30 * 60_000;

/**
 * Runs `longshore restore --rehearse`: restores the newest dump of one datastore, or of each, into a temporary copy of
 * it. A failed rehearsal does not prevent the others.
 */
export async function rehearse(name: string | undefined, options: RestoreOptions): Promise<void> {
  const { stack, system, json = false, file } = options;
  if (name === undefined && file !== undefined) {
    throw usage(
      "--file: expected the name of its datastore too, such as longshore restore nexus/db --file …",
    );
  }
  const terminal = openTerminal({ json });
  const { found, stores } = await storesOf(stack, system, name === undefined ? [] : [name], terminal);
  const rehearsals: Rehearsal[] = [];
  const failed: FailedRehearsal[] = [];
  for (const known of stores) {
    try {
      const rehearsal = await rehearseOne(found.engine, known, options, terminal);
      rehearsals.push(rehearsal);
      if (!json) {
        terminal.out(sentenceOf(rehearsal, known.job.kind === "redis" ? "keys" : "rows"));
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode === EXIT.interrupted) {
        throw error;
      }
      failed.push({ system: known.system, store: known.store, message: error.message });
    }
  }
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined) {
    appendFileSync(summary, rehearsalSummary(stack, rehearsals, failed));
  }
  if (json) {
    terminal.json({ stack, rehearsals, failed });
    process.exitCode = failed.length > 0 ? EXIT.failed : EXIT.ok;
  } else if (failed.length > 0) {
    const all = rehearsals.length + failed.length;
    throw new Failure(
      [
        `${failed.length} of ${all} rehearsals failed`,
        ...failed.map((one) => `${nameOf(one)}: ${one.message}`),
      ].join("\n"),
    );
  }
}

function sentenceOf(rehearsal: Rehearsal, unit: string): string {
  const { file, rows, jobs, seconds, ageSeconds } = rehearsal;
  const counted = rows === undefined ? "" : `${rows} ${unit}, `;
  return (
    `${nameOf(rehearsal)}: ${file} can be restored: ${counted}jobs: ${jobs.join(", ") || "none"}; ` +
    `it took ${formatSeconds(seconds)}; a loss now would lose the last ${formatSeconds(ageSeconds)}`
  );
}

async function rehearseOne(
  engine: Engine,
  known: KnownStore,
  { stack, from, file, identity: keyFile }: RestoreOptions,
  terminal: Terminal,
): Promise<Rehearsal> {
  const store = running(known);
  const folder = folderOf(from, stack, store);
  const chosen = await chooseDump(folder, store, file);
  const identity = chosen.endsWith(".age") ? await identityOf(stack, keyFile, terminal) : undefined;
  Object.assign(process.env, engine.env);
  const project = projectOf(store.system, stack);
  const made = await documentOf(project, store.store);
  if (!made) {
    throw usage(
      `${nameOf(store)}: the files that its container was made from are gone\nfix: bin/longshore up --system ${store.system}`,
    );
  }
  const jobs = store.job.reruns.filter((job) => job in made.document.services);
  const copy = new Copy(engine, `${project}-rehearsal`, made.folder);
  const progress = await startProgress(terminal);
  const interrupts = catchInterrupts();
  const { signal } = interrupts;
  const started = Date.now();
  const step = (text: string): void => {
    if (signal.aborted) {
      throw new Failure("interrupted; the copy is removed, and the system was not touched", EXIT.interrupted);
    }
    progress.now(`${nameOf(store)}: ${text}`);
  };
  let rows: number | undefined;
  try {
    step(`verifying ${chosen}`);
    const sum = await verifyDump(folder, chosen, identity);
    step("starting a copy of the datastore");
    await copy.start(rehearsalDocument(made.document, store.store, jobs), store.store);
    for (const job of jobs) {
      step(`running ${job} on the empty copy`);
      await copy.runJob(job);
    }
    step(`restoring ${chosen} into the copy`);
    const env = { RESTORE_ID: randomBytes(4).toString("hex"), DUMP_SHA256: sum };
    const input = await openDump(folder, chosen, identity);
    const target = await copy.storeIn(store);
    const result = await bring(engine, target, { env, signal, input });
    rows = result?.rows;
    for (const job of jobs) {
      step(`running ${job} on the restored data`);
      await copy.runJob(job);
    }
    step("waiting until the copy is healthy");
    await copy.untilHealthy(store.store);
  } finally {
    progress.now(`${nameOf(store)}: removing the copy`);
    await copy.remove();
    interrupts.release();
    progress.stop();
  }
  return {
    system: store.system,
    store: store.store,
    file: chosen,
    ...(rows !== undefined && { rows }),
    jobs,
    ageSeconds: ageOf(chosen),
    seconds: (Date.now() - started) / 1000,
  };
}

/** Age of a dump in seconds, by the time in its name. 0 if that is in the future. */
function ageOf(file: string): number {
  const [, day = "", time = ""] = /-(\d{8})T(\d{6})Z/.exec(file) ?? [];
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  return Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
}

/** A temporary copy of a datastore in its own Compose project, without published ports and on an internal network. */
class Copy {
  private readonly file: string;

  constructor(
    private readonly engine: Engine,
    private readonly project: string,
    /** Folder of the release that the original was created from. */
    private readonly folder: string,
  ) {
    this.file = join(folder, ".rehearsal.json");
  }

  async start(document: object, service: string): Promise<void> {
    // JSON is valid YAML that every parser reads the same way.
    await writeFile(this.file, JSON.stringify(document), { mode: 0o600 });
    // Removes the remainder of a killed rehearsal.
    await this.compose("down", "--volumes", "--timeout", "5");
    await this.compose("up", "--detach", "--no-build", "--pull", "never", "--wait", service);
  }

  async runJob(job: string): Promise<void> {
    await this.compose("run", "--rm", "--no-deps", "--no-TTY", "--pull", "never", job);
  }

  async storeIn(original: Store): Promise<Store> {
    const id = (await this.compose("ps", "--quiet", "--no-trunc", original.store)).trim();
    return { ...original, container: { ...original.container, id } };
  }

  async untilHealthy(service: string): Promise<void> {
    await this.compose("up", "--detach", "--no-build", "--pull", "never", "--no-recreate", "--wait", service);
  }

  async remove(): Promise<void> {
    try {
      await this.compose("down", "--volumes", "--timeout", "5");
    } finally {
      await rm(this.file, { force: true });
    }
  }

  private async compose(...words: string[]): Promise<string> {
    const own = [
      "compose",
      "--project-name",
      this.project,
      "--project-directory",
      this.folder,
      "--file",
      this.file,
    ];
    const options = { env: this.engine.env, timeoutMs: PATIENCE_MS, detached: true };
    const { code, stdout, stderr } = await run("docker", [...own, ...words], options);
    if (code !== 0) {
      const last = stderr.trim().split("\n").slice(-5);
      throw new Failure([`rehearsal: ${words[0]} ${words.at(-1)} failed`, ...last].join("\n  "));
    }
    return stdout;
  }
}
