import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BackupJob } from "../../render/backup/machine";
import { run, type Ran } from "../../tools/process";
import { EXIT, Failure } from "../support/failure";
import { docker, type Container, type Engine } from "./docker";

/** A datastore of this machine that keeps data, and runs. */
export interface Store {
  readonly system: string;
  readonly store: string;
  readonly container: Container;
  readonly job: BackupJob;
}

interface JobOptions {
  readonly what: "dump" | "restore";
  /** Of the dumps. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a script as the datastore's own user, in its image, with its network and its files: what reaches it here is what
 * it reaches itself. One that cannot be dumped while it runs stands still meanwhile, and runs again afterwards, whatever
 * happens. @returns what the script said, or undefined when it was interrupted
 */
export async function runJob(
  engine: Engine,
  store: Store,
  { what, folder, env, signal }: JobOptions,
): Promise<string | undefined> {
  const { system, container, job } = store;
  // A Ctrl-C at the terminal would also end what puts things in order.
  const shielded = { shielded: true };
  const created = await docker(engine, ["create", ...jobArguments(store, what, folder, env)], shielded);
  const id = created.trim();
  try {
    if (job.standsStill) {
      await docker(engine, ["stop", "--time", "120", container.id], { timeoutMs: 180_000, ...shielded });
    }
    const ended = await attach(engine, id, signal);
    if (ended && ended.code !== 0) {
      const last = ended.stderr.trim().split("\n").slice(-5).join("\n  ");
      throw new Failure(`${system}/${store.store}: ${what} failed\n  ${last}`, EXIT.failed);
    }
    return ended?.stdout;
  } finally {
    // Mostly it is gone by itself.
    await run("docker", ["rm", "--force", "--volumes", id], { env: engine.env, ...shielded });
    if (job.standsStill) {
      await docker(engine, ["start", container.id], shielded);
      await isReady(engine, container, signal);
    }
    if (signal.aborted) {
      removePieces(folder);
    }
  }
}

function jobArguments(
  { container, job }: Store,
  what: JobOptions["what"],
  folder: string,
  more: JobOptions["env"],
): string[] {
  const network = job.standsStill ? "none" : `container:${container.id}`;
  const variables = Object.entries({ BACKUP_FOLDER: "/backup", BACKUP_NAME: job.name, ...job.env, ...more });
  return [
    ...["--rm", "--pull", "never", "--network", network, "--volumes-from", container.id],
    ...["--read-only", "--tmpfs", "/tmp:mode=1777"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["--user", `${job.user}:${job.user}`, "--volume", `${resolve(folder)}:/backup`],
    ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...["--entrypoint", "sh", container.image, "-c", job.scripts[what]],
  ];
}

/** Runs a container for as long as it takes. @returns undefined when it was interrupted, and may still run */
async function attach(engine: Engine, id: string, signal: AbortSignal): Promise<Ran | undefined> {
  if (signal.aborted) {
    return undefined;
  }
  return Promise.race([
    run("docker", ["start", "--attach", id], { env: engine.env, timeoutMs: 0, shielded: true }),
    once(signal, "abort").then(() => undefined),
  ]);
}

/** What a dump that was ended has written so far. */
function removePieces(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.startsWith(".part-"))) {
    rmSync(join(folder, file));
  }
}

/** Waits until a container that was started again serves, or for a signal. @throws Failure after five minutes */
async function isReady(
  engine: Engine,
  { id, system, service }: Container,
  signal: AbortSignal,
): Promise<void> {
  const format = "{{if .State.Health}}{{.State.Health.Status}}{{end}}";
  for (let second = 0; second < 300 && !signal.aborted; second += 1) {
    const health = await docker(engine, ["inspect", "--format", format, id], { shielded: true });
    if (["", "healthy"].includes(health.trim())) {
      return;
    }
    await sleep(1000);
  }
  if (!signal.aborted) {
    throw new Failure(
      `${system}/${service} is not healthy five minutes after its start; see: bin/longshore logs ${system}/${service}`,
    );
  }
}
