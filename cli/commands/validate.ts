import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import { readStackFile } from "../../settings/file";
import { machineStack } from "../../settings/machine-stacks";
import { readSettings } from "../../settings/read";
import { repoRoot } from "../../tools/paths";
import { withExamples, withJson, withStack, type JsonOption, type StackOption } from "../support/options";
import { systems } from "../support/systems";
import { EXIT, usage } from "../support/failure";
import { findProblems, settingsFolder } from "../support/plans";
import { openTerminal, plural } from "../support/terminal";

export interface ValidateOptions extends StackOption, JsonOption {
  readonly configFile?: string;
}

export function register(program: Command): Command {
  const command = program
    .command("validate")
    .description("check the systems and a stack's settings; shows every mistake at once")
    .option("--config-file <file>", "settings to check instead of Pulumi.<stack>.yaml");
  withExamples(withJson(withStack(command)), [
    ["longshore validate --stack prod", ""],
    ["longshore validate --stack prod --json", "for an editor or a pipeline"],
  ]);
  return command.action((options: ValidateOptions) => {
    validate(options);
  });
}

/**
 * Runs `longshore validate`: checks a stack's settings and every system, and reports all problems at once. Exit code 2
 * if there are any.
 */
export function validate({ stack, configFile, json = false }: ValidateOptions): void {
  const terminal = openTerminal({ json });
  const file = configFile === undefined ? undefined : resolve(configFile);
  if (file !== undefined && !existsSync(file)) {
    throw usage(`${configFile}: no such file`);
  }
  if (
    file === undefined &&
    !machineStack(stack) &&
    !existsSync(resolve(repoRoot(), `Pulumi.${stack}.yaml`))
  ) {
    throw usage(
      `there is no Pulumi.${stack}.yaml; write one (docs/reference/settings.md), or name another stack with --stack`,
    );
  }
  const raw = () =>
    file === undefined ? readStackFile(settingsFolder(stack), stack) : { ...readFile(file), stack };
  let count = 0;
  const errors = findProblems(stack, () => {
    const settings = readSettings(raw(), systems());
    count = settings.systems.length;
    return settings;
  });
  if (json) {
    terminal.json({
      stack,
      valid: errors.length === 0,
      problems: errors.flatMap(({ title, problems }) =>
        problems.map((problem) => ({ source: title, ...problem })),
      ),
    });
  } else {
    errors.forEach((error) => {
      terminal.note(`${terminal.colors.red("error:")} ${error.message}`);
    });
    if (errors.length === 0) {
      terminal.out(`stack ${stack}: settings and ${plural(count, "system")} are valid`);
    }
  }
  process.exitCode = errors.length === 0 ? EXIT.ok : EXIT.usage;
}

function readFile(file: string): ReturnType<typeof readStackFile> {
  const name = /^Pulumi\.(.+)\.yaml$/.exec(basename(file))?.[1];
  if (name === undefined) {
    throw usage(`--config-file: expected a file named Pulumi.<stack>.yaml, got ${basename(file)}`);
  }
  return readStackFile(dirname(file), name);
}
