import type { Command } from "commander";
import { examine, repair, type Check } from "../../tools/doctor";
import { overdueBackups } from "../backup/overdue";
import { withExamples, withJson, type JsonOption } from "../support/options";
import { EXIT } from "../support/failure";
import { loadSettingsLeniently } from "../support/plans";
import { LOCAL_STACK } from "../support/project";
import { startProgress } from "../support/progress";
import { openTerminal, plural, table, type Terminal } from "../support/terminal";

export interface DoctorOptions extends JsonOption {
  readonly fix?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("doctor")
    .description("show which tools were found and how to get what is missing; exit with 1 when something is")
    .option("--fix", "get what can be got without asking");
  withExamples(withJson(command), [
    ["longshore doctor", ""],
    ["longshore doctor --fix", "install the Pulumi CLI into the cache, and the like"],
  ]);
  return command.action((options: DoctorOptions) => doctor(options));
}

/** Runs `longshore doctor`: prints the checks, and a fix for each problem. */
export async function doctor({ fix = false, json = false }: DoctorOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal);
  progress.now("looking at this machine");
  const looking = { edgePorts: edgePorts() };
  const look = async () => [...(await examine(looking)), ...(await backupCheck())];
  let checks = await look();
  let problems: string[] = [];
  if (fix && checks.some(({ status }) => status !== "ok")) {
    const repaired = await repair(checks, (line) => {
      progress.line(line);
      progress.now(line);
    });
    problems = repaired.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [`${name}: ${problem}`],
    );
    checks = await look();
  }
  progress.stop();
  const missing = checks.filter(({ status }) => status === "missing");
  if (json) {
    terminal.json({ ok: missing.length === 0, checks, problems });
  } else {
    const rows = checks.map((check) => [
      sign(check, terminal),
      check.name,
      [check.found, check.fix].filter(Boolean).join("; "),
    ]);
    table(["", "what", "found"], rows, terminal).forEach(terminal.out);
    problems.forEach((problem) => {
      terminal.note(`${terminal.colors.red("error:")} ${problem}`);
    });
    terminal.out(
      missing.length === 0
        ? "everything that is needed is here"
        : `${plural(missing.length, "thing")} missing`,
    );
  }
  process.exitCode = missing.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Reports overdue scheduled backups. Nothing without a schedule. */
async function backupCheck(): Promise<Check[]> {
  const overdue = await overdueBackups();
  if (overdue === undefined) {
    return [];
  }
  return overdue.length === 0
    ? [{ name: "backups", status: "ok", found: "as new as their schedules require" }]
    : [
        {
          name: "backups",
          status: "warn",
          found: `overdue: ${overdue.join(", ")}`,
          fix: "the last run's error: journalctl --unit longshore-backup-STACK; then run longshore backup",
        },
      ];
}

/** Ports of the local stack's systems. Undefined if its settings or a system have problems. */
function edgePorts(): readonly number[] | undefined {
  try {
    const { settings } = loadSettingsLeniently(LOCAL_STACK);
    return settings.systems.flatMap((system) => settings.ports[system] ?? []);
  } catch {
    // `validate` reports problems of the settings; the other checks still run.
    return undefined;
  }
}

function sign({ status }: Check, { colors }: Terminal): string {
  return { ok: colors.green("ok"), warn: colors.yellow("warn"), missing: colors.red("missing") }[status];
}
