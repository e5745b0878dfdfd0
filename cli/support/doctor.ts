import { examine, repair, type Check } from "../../tools/doctor";
import type { DoctorOptions } from "../commands/doctor";
import { EXIT } from "./failure";
import { LOCAL_STACK } from "./project";
import { startProgress } from "./progress";
import { openTerminal, plural, table, type Terminal } from "./terminal";

/** Runs `longshore doctor`: prints the checks, and a fix for each problem. */
export async function doctor({ fix = false, json = false }: DoctorOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal);
  progress.now("looking at this machine");
  const looking = { edgePorts: await edgePorts() };
  let checks = await examine(looking);
  let problems: string[] = [];
  if (fix && checks.some(({ status }) => status !== "ok")) {
    const repaired = await repair(checks, (line) => {
      progress.line(line);
      progress.now(line);
    });
    problems = repaired.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [`${name}: ${problem}`],
    );
    checks = await examine(looking);
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

/** Ports of the local stack's systems. Undefined if its settings or a system have problems. */
async function edgePorts(): Promise<readonly number[] | undefined> {
  try {
    const { loadSettingsLeniently } = await import("./plans.js");
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
