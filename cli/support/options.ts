import { Option, type Command } from "commander";
import { LOCAL_STACK } from "./project";

export interface StackOption {
  readonly stack: string;
}

export interface SystemOption {
  /** Empty: all systems of the stack. */
  readonly system: readonly string[];
}

export interface JsonOption {
  readonly json?: boolean;
}

export function withStack(command: Command): Command {
  return command.addOption(
    new Option("-s, --stack <name>", "the stack, as in Pulumi.<name>.yaml")
      .default(LOCAL_STACK)
      .env("LONGSHORE_STACK"),
  );
}

export function withSystem(command: Command): Command {
  return command.option("--system <name>", "only this system; can be repeated (default: all)", collect, []);
}

export function withJson(command: Command): Command {
  return command.option("--json", "one JSON document on standard output, and nothing else there");
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, ...value.split(",")];
}

/** Text below the options of `--help`: examples as one would type them, then how the command ends. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [line: string, what: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`.trimEnd());
  return command.addHelpText("after", ["", "Examples:", ...lines].join("\n"));
}
