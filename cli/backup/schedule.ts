import { mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { repoRoot } from "../../tools/paths";
import { lastLine, run } from "../../tools/process";
import type { BackupOptions } from "../commands/backup";
import { usage } from "../support/failure";
import { openTerminal } from "../support/terminal";
import { recipientsOf } from "./encryption";
import { timerUnits, unitName } from "./timer";

/** Value that removes the schedule. */
const OFF = "off";
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
    terminal.out(`stack ${stack}: no backup is scheduled any more`);
    return;
  }
  await requireSystemd(words, options);
  const checked = await run("systemd-analyze", ["calendar", calendar]);
  if (checked.code !== 0) {
    throw usage(
      `--schedule: expected a time as systemd's OnCalendar has it, such as daily or "*-*-* 03:00:00", got ${calendar}`,
    );
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
  const next = /Next elapse: (.*)/.exec(checked.stdout)?.[1]?.trim();
  terminal.out(`stack ${stack}: backups at ${calendar}${next === undefined ? "" : `, the next ${next}`}`);
  if (words.length > 0) {
    terminal.note("a user's timer runs while the user is logged in; for always: loginctl enable-linger");
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
