import { mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { repoRoot } from "../../tools/paths";
import { lastLine, run } from "../../tools/process";
import type { BackupOptions } from "./backup";
import { usage } from "../support/failure";
import { openTerminal, type Terminal } from "../support/terminal";
import { openEngine } from "../compose/docker";
import { longestPeriod } from "./age";
import { recipientsOf } from "./encryption";
import { publishAges } from "./publish";
import { OFF, readSchedule, writeSchedule } from "./schedule-record";
import { timerUnits, unitName } from "./timer";

/** Number of runs in which to find the longest time between two: a week of minutes. */
const ITERATIONS = "10080";
/** Variables that lead the command to the same data folder, tools and Docker daemon. */
const VARIABLES = ["PATH", "XDG_DATA_HOME", "DOCKER_HOST", "DOCKER_CONTEXT"] as const;

/** Runs `longshore backup --schedule`: installs a systemd timer, a system timer for root and a user timer otherwise. */
export async function schedule(stores: readonly string[], options: BackupOptions): Promise<void> {
  const { stack, schedule: calendar = OFF } = options;
  const terminal = openTerminal();
  const name = unitName(stack);
  const { folder, words } = manager();
  const units = [`${name}.service`, `${name}.timer`];
  if (calendar === OFF) {
    await run("systemctl", [...words, "disable", "--now", `${name}.timer`]);
    await Promise.all(units.map((unit) => rm(join(folder, unit), { force: true })));
    await run("systemctl", [...words, "daemon-reload"]);
    if ((await readSchedule(stack)) !== undefined) {
      await writeSchedule(stack, { calendar: OFF, periodSeconds: 0, stores: [], systems: [], since: {} });
      await publish(stack, terminal);
    }
    terminal.out(`stack ${stack}: no backup is scheduled any more`);
    return;
  }
  await requireSystemd(words, options);
  const checked = await run("systemd-analyze", ["calendar", "--iterations", ITERATIONS, calendar], {
    env: { ...process.env, TZ: "UTC" },
  });
  if (checked.code !== 0) {
    throw usage(
      `--schedule: expected a time as systemd's OnCalendar has it, such as daily or "*-*-* 03:00:00", got ${calendar}`,
    );
  }
  const periodSeconds = longestPeriod(checked.stdout);
  if (periodSeconds === undefined) {
    throw usage(`--schedule: expected a time that repeats, such as daily, got ${calendar}`);
  }
  // Keys are generated now, so that the timer needs no private key and generates none.
  if (options.plain !== true) {
    await recipientsOf(stack, terminal);
  }
  const { service, timer } = timerUnits({
    stack,
    calendar,
    node: process.execPath,
    root: repoRoot(),
    options: backupWords(stores, options),
    env: Object.fromEntries(VARIABLES.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []))),
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.service`), service);
  await writeFile(join(folder, `${name}.timer`), timer);
  for (const step of [["daemon-reload"], ["enable", "--now", `${name}.timer`]]) {
    const { code, stderr } = await run("systemctl", [...words, ...step]);
    if (code !== 0) {
      throw usage(`systemctl ${step.join(" ")}: ${lastLine(stderr)}`);
    }
  }
  const { since = {} } = (await readSchedule(stack)) ?? {};
  await writeSchedule(stack, { calendar, periodSeconds, stores, systems: options.system, since });
  await publish(stack, terminal);
  const next = /Next elapse: (.*)/.exec(checked.stdout)?.[1]?.trim();
  terminal.out(`stack ${stack}: backups at ${calendar}${next === undefined ? "" : `, the next ${next}`}`);
  if (words.length > 0) {
    terminal.note("a user's timer runs while the user is logged in; for always: loginctl enable-linger");
  }
}

/** Gives the monitoring the schedule's datastores. Without a Docker daemon, the next backup does. */
async function publish(stack: string, terminal: Terminal): Promise<void> {
  const engine = await openEngine().catch(() => undefined);
  if (engine) {
    await publishAges(engine, stack, terminal);
  }
}

function manager(): { readonly folder: string; readonly words: readonly string[] } {
  return process.getuid?.() === 0
    ? { folder: "/etc/systemd/system", words: [] }
    : { folder: join(homedir(), ".config", "systemd", "user"), words: ["--user"] };
}

function backupWords(stores: readonly string[], { system, to, keep, plain }: BackupOptions): string[] {
  return [
    ...stores,
    ...system.flatMap((name) => ["--system", name]),
    ...(to === undefined ? [] : ["--to", resolve(to)]),
    ...(keep === undefined ? [] : ["--keep", String(keep)]),
    ...(plain ? ["--plain"] : []),
  ];
}

/** Checks that systemd runs. @throws Failure with an equivalent crontab line */
async function requireSystemd(words: readonly string[], options: BackupOptions): Promise<void> {
  const { code } = await run("systemctl", [...words, "list-timers", "--no-pager"]);
  if (code !== 0) {
    const rest = backupWords([], options).join(" ");
    throw usage(
      `--schedule: expected systemd, and it does not run here\n` +
        `fix: a line for cron: 0 3 * * * cd ${repoRoot()} && bin/longshore backup --stack ${options.stack} --wait 1h ${rest}`.trimEnd(),
    );
  }
}
