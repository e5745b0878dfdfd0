import { delimiter, dirname } from "node:path";
import { MissingTool } from "../../tools/missing";
import { findLanguageHost } from "../../tools/pulumi";
import { machineStack } from "../../settings/machine-stacks";
import type { EnvOptions } from "../env";
import { startProgress, type Progress } from "../support/progress";
import { openTerminal, type Terminal } from "../support/terminal";
import { prepend } from "../support/tools";
import { loadSettings } from "../support/plans";
import type { EngineCommand } from "./command";
import { openConfig } from "./stack";

/** `longshore env`: what a shell needs so that a hand-typed `pulumi up` is the same deployment. */
export async function printEnv({ stack, json = false }: EnvOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal, { out: "stderr" });
  const opened = await openConfig(stack, progress, { docker: loadSettings(stack).target === "compose" });
  const host = await languageHost(opened.command, progress, terminal);
  progress.stop();
  const folders = [opened.command.command, ...(host === undefined ? [] : [host])]
    .map(dirname)
    .join(delimiter);
  const variables = {
    ...opened.env,
    PATH: prepend(folders, opened.env["PATH"] ?? process.env["PATH"] ?? ""),
  };
  if (json) {
    terminal.json(variables);
    return;
  }
  exportLines(variables, machineStack(stack) ? ["PULUMI_CONFIG_PASSPHRASE"] : []).forEach(terminal.out);
}

/** What a hand-typed `pulumi up` needs beside the CLI. Without it everything but that works. */
async function languageHost(
  { command, version }: EngineCommand,
  progress: Progress,
  terminal: Terminal,
): Promise<string | undefined> {
  try {
    const root = dirname(dirname(command));
    return await findLanguageHost({ command, root, version, source: "path" }, progress.line);
  } catch (error) {
    if (!(error instanceof MissingTool)) {
      throw error;
    }
    terminal.note(`warning: pulumi up cannot run the program: ${error.message}`);
    return undefined;
  }
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
