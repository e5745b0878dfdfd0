import { dirname } from "node:path";
import type { EnvOptions } from "../env";
import { LOCAL_STACK } from "../support/project";
import { startProgress } from "../support/progress";
import { openTerminal } from "../support/terminal";
import { prepend } from "../support/tools";
import { loadSettings } from "../support/plans";
import { openConfig } from "./stack";

/** `longshore env`: what a shell needs so that a hand-typed `pulumi up` is the same deployment. */
export async function printEnv({ stack, json = false }: EnvOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal, { out: "stderr" });
  const opened = await openConfig(stack, progress, { docker: loadSettings(stack).target === "compose" });
  progress.stop();
  const variables = {
    ...opened.env,
    PATH: prepend(dirname(opened.command.command), opened.env["PATH"] ?? process.env["PATH"] ?? ""),
  };
  if (json) {
    terminal.json(variables);
    return;
  }
  exportLines(variables, stack === LOCAL_STACK ? ["PULUMI_CONFIG_PASSPHRASE"] : []).forEach(terminal.out);
}

/** Lines for a POSIX shell's `eval`: exports sorted by name, after what must not be set. */
export function exportLines(
  variables: Readonly<Record<string, string>>,
  unset: readonly string[] = [],
): string[] {
  return [
    ...unset.map((name) => `unset ${name}`),
    ...Object.keys(variables)
      .sort()
      .map((name) => `export ${name}=${quote(variables[name] ?? "")}`),
  ];
}

/** A word that a shell takes as it is. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
