import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { inspectContainers } from "../../providers/compose/containers";
import { UserError } from "../../providers/compose/errors";
import { startContainer, stopContainers } from "../../providers/compose/start-stop";
import type { BackupJob } from "../../render/backup/machine";
import { run } from "../../tools/process";
import { EXIT, Failure } from "../support/failure";
import { docker, type Container, type Engine } from "../compose/docker";

/** A running datastore of this machine that stores data. */
export interface Store {
  readonly system: string;
  readonly store: string;
  readonly container: Container;
  readonly job: BackupJob;
}

export type Purpose = "dump" | "restore" | "recover" | "switch";

/** Runs a script without the datastore's network and files. */
interface IsolatedScript {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Volumes that it reads: name and path. */
  readonly volumes: readonly { readonly name: string; readonly path: string }[];
}

interface JobOptions {
  readonly purpose: Purpose;
  /** Replaces the script of the purpose. @default - the script runs beside the datastore */
  readonly isolated?: IsolatedScript;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Stream for standard input. @default - none */
  readonly input?: Readable;
  /** Consumes standard output while it is written. @default - standard output is text and part of the result */
  readonly output?: (bytes: Readable) => Promise<void>;
}

export interface JobResult {
  /** Output of the script, without a dump. */
  readonly text: string;
  /** Number of rows or keys, if the script counted them. */
  readonly rows?: number;
}

export const nameOf = ({ system, store }: Pick<Store, "system" | "store">): string => `${system}/${store}`;

/**
 * Runs a script in the datastore's image, as its user, with its network and files, so that both have the same access.
 * Always restarts a datastore that requires a stop.
 * @returns undefined if interrupted
 * @throws Failure with the last lines of the script
 */
export async function runJob(
  engine: Engine,
  store: Store,
  options: JobOptions,
): Promise<JobResult | undefined> {
  const { container, job } = store;
  const { purpose, signal } = options;
  const requiresStop = job.requiresStop && purpose !== "restore" && options.isolated === undefined;
  // Detached, because Ctrl-C at the terminal would otherwise also stop the cleanup.
  const detached = { detached: true };
  const label = await jobLabel(engine, store);
  await removeOrphans(engine, label);
  const created = await docker(
    engine,
    ["create", "--label", label, ...jobArguments(store, options)],
    detached,
  );
  const id = created.trim();
  try {
    if (signal.aborted) {
      return undefined;
    }
    if (requiresStop) {
      // Waits for the exit, because a successful `docker stop` is no proof of it.
      Object.assign(process.env, engine.env);
      await inWords(store, async () => stopContainers(await inspectContainers([container.id])));
    }
    return await Promise.race([
      attach(engine, id, store, options),
      once(signal, "abort").then(() => undefined),
    ]);
  } finally {
    // The container usually removes itself.
    await run("docker", ["rm", "--force", "--volumes", id], { env: engine.env, ...detached });
    if (requiresStop) {
      await inWords(store, () => startContainer(container.id));
      await isReady(engine, container, signal);
    }
  }
}

/** Label of the containers of a datastore's jobs. A container that was replaced since has the same. */
async function jobLabel(engine: Engine, { container, system, store }: Store): Promise<string> {
  const format = `{{index .Config.Labels "com.docker.compose.project"}}`;
  const project = await docker(engine, ["inspect", "--format", format, container.id], { detached: true });
  return `longshore.backup-job=${project.trim()}/${system}/${store}`;
}

/**
 * Removes jobs whose command was killed. The stack's lock excludes a running command, and a job that outlives it would
 * switch to a dump after a recovery has finished.
 */
async function removeOrphans(engine: Engine, label: string): Promise<void> {
  const listed = await docker(engine, ["ps", "--all", "--quiet", "--filter", `label=${label}`]);
  const ids = listed.split("\n").filter(Boolean);
  if (ids.length > 0) {
    await docker(engine, ["rm", "--force", "--volumes", ...ids], { detached: true });
  }
}

/** Containers of dumps and restores of a project that a killed command left. The caller holds the stack's lock. */
export async function abandonedJobs(engine: Engine, project: string): Promise<string[]> {
  const format = '{{.ID}} {{.Label "longshore.backup-job"}}';
  const filter = ["--filter", "label=longshore.backup-job"];
  const listed = await docker(engine, ["ps", "--all", "--no-trunc", ...filter, "--format", format]);
  return listed
    .split("\n")
    .map((line) => line.split(" "))
    .flatMap(([id = "", job = ""]) => (job.startsWith(`${project}/`) ? [id] : []));
}

/** Removes what {@link abandonedJobs} lists. */
export async function removeAbandonedJobs(engine: Engine, project: string): Promise<void> {
  const ids = await abandonedJobs(engine, project);
  if (ids.length > 0) {
    await docker(engine, ["rm", "--force", "--volumes", ...ids], { detached: true });
  }
}

async function inWords(store: Store, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof UserError ? new Failure(`${nameOf(store)}: ${error.message}`) : error;
  }
}

function jobArguments({ container, job }: Store, { purpose, isolated, env, input }: JobOptions): string[] {
  const network = job.requiresStop || isolated ? "none" : `container:${container.id}`;
  const variables = Object.entries({ ...(isolated ?? job).env, ...env });
  return [
    ...(isolated
      ? isolated.volumes.flatMap(({ name, path }) => ["--volume", `${name}:${path}:ro`])
      : // Only the job of a stopped datastore writes to its files; other jobs need its password files.
        ["--volumes-from", job.requiresStop ? container.id : `${container.id}:ro`]),
    ...["--rm", "--pull", "never", "--network", network],
    ...["--read-only", "--tmpfs", "/tmp:mode=1777", "--tmpfs", "/logs:mode=1777"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    // Disables the log driver, because a dump on standard output must not be logged.
    ...["--log-driver", "none", ...(input ? ["--interactive"] : [])],
    ...["--user", `${job.user}:${job.user}`],
    ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...["--entrypoint", "sh", container.image, "-c", isolated?.script ?? job.scripts[purpose] ?? ""],
  ];
}

/** Runs a container to completion with its input and output connected. */
async function attach(
  engine: Engine,
  id: string,
  store: Store,
  { purpose, isolated, input, output }: JobOptions,
): Promise<JobResult> {
  // The container reads beside its datastore, or while that is stopped.
  // eslint-disable-next-line no-restricted-syntax
  const words = ["start", "--attach", ...(input ? ["--interactive"] : []), id];
  const child = spawn("docker", words, {
    env: engine.env,
    stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  let text = "";
  const sent = createHash("sha256");
  const closed = new Promise<number>((resolve) => {
    child.once("error", (error) => {
      stderr += error.message;
      resolve(127);
    });
    child.once("close", (code) => {
      resolve(code ?? 128);
    });
  });
  const written = child.stdout ? take(child.stdout, sent, output, (part) => (text += part)) : undefined;
  // An error of the output takes precedence over the exit code, and the exit code over an error of the input.
  const [code, read, wrote] = await Promise.all([
    closed,
    settled(input && child.stdin ? pipeline(input, child.stdin) : undefined),
    settled(written),
  ]);
  if (wrote.error !== undefined) {
    throw wrote.error;
  }
  if (code !== 0) {
    throw new Failure(failureOf(store, isolated ? "recovery" : purpose, stderr), EXIT.failed);
  }
  if (read.error !== undefined) {
    throw read.error;
  }
  if (output && /^sha256 ([0-9a-f]{64})$/m.exec(stderr)?.[1] !== sent.digest("hex")) {
    throw new Failure(`${nameOf(store)}: the dump did not arrive whole; try again`);
  }
  const rows = /^rows (\d+)$/m.exec(`${stderr}\n${text}`)?.[1];
  return { text, ...(rows !== undefined && { rows: Number(rows) }) };
}

async function take(
  stdout: Readable,
  sent: ReturnType<typeof createHash>,
  output: JobOptions["output"],
  onText: (part: string) => void,
): Promise<void> {
  if (!output) {
    stdout.setEncoding("utf8").on("data", onText);
    await once(stdout, "close");
    return;
  }
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await Promise.all([pipeline(stdout, counted), output(counted)]);
  } catch (error) {
    // Closes the pipe, so that the writer stops.
    stdout.destroy();
    throw error;
  }
}

async function settled(work: Promise<unknown> | undefined): Promise<{ readonly error?: Error }> {
  try {
    await work;
    return {};
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function failureOf(store: Store, purpose: Purpose | "recovery", stderr: string): string {
  const lines = stderr.trim().split("\n");
  const missing = /role "([^"]+)" does not exist/.exec(stderr)?.[1];
  const fix =
    missing === undefined
      ? []
      : [`fix: the role ${missing} is missing; create it: bin/longshore up --system ${store.system}`];
  return [`${nameOf(store)}: ${purpose} failed`, ...lines.slice(-5).map((line) => `  ${line}`), ...fix].join(
    "\n",
  );
}

/** Waits until a restarted container is ready, or for a signal. @throws Failure after five minutes */
async function isReady(
  engine: Engine,
  { id, system, service }: Container,
  signal: AbortSignal,
): Promise<void> {
  const format = "{{if .State.Health}}{{.State.Health.Status}}{{end}}";
  for (let second = 0; second < 300 && !signal.aborted; second += 1) {
    const health = await docker(engine, ["inspect", "--format", format, id], { detached: true });
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
