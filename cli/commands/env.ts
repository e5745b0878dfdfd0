import { delimiter, dirname } from "node:path";
import type { Command } from "commander";
import { MissingTool } from "../../tools/missing";
import { findLanguageHost } from "../../tools/pulumi";
import { MACHINE_STACK_NAMES, machineStack } from "../../settings/machine-stacks";
import { withExamples, withJson, withStack, type JsonOption, type StackOption } from "../support/options";
import { dataDir, repoRoot } from "../../tools/paths";
import { startProgress, type Progress } from "../support/progress";
import { openTerminal, type Terminal } from "../support/terminal";
import { prepend } from "../support/tools";
import { loadSettings } from "../support/plans";
import type { EngineCommand } from "../engine/command";
import { localFiles, prepareLocalFiles } from "../engine/local-stack";
import { openConfig } from "../engine/open-config";

export type EnvOptions = StackOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("env")
    .description("print the variables with which plain `pulumi` and `docker` see the same stack");
  withExamples(withJson(withStack(command)), [
    ['eval "$(bin/longshore env)"', "then: pulumi up --stack local"],
  ]);
  return command.action((options: EnvOptions) => printEnv(options));
}

/** Runs `longshore env`: prints the shell variables that make a manual `pulumi up` equivalent to `longshore up`. */
export async function printEnv({ stack, json = false }: EnvOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal, { out: "stderr" });
  const opened = await openConfig(stack, progress, { docker: loadSettings(stack).target === "compose" });
  if (machineStack(stack)) {
    // `pulumi stack init local-dev`, run by hand, would otherwise create a file in the checkout.
    for (const name of MACHINE_STACK_NAMES) {
      prepareLocalFiles(localFiles(dataDir(), repoRoot(), name));
    }
  }
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

/** Finds the language host, which only a manual `pulumi up` needs. All other commands work without it. */
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

/** Commands for a POSIX shell's `eval`: unsets first, then exports sorted by name. */
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

/** Quotes a word for a POSIX shell. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
