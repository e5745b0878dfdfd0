import { readdirSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { nearest } from "../../base/nearest";
import { MACHINE_STACK_NAMES } from "../../settings/machine-stacks";
import { repoRoot } from "../../tools/paths";
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
      .env("LONGSHORE_STACK")
      .argParser(knownStack),
  );
}

/** Validates a stack name. The files of a local stack are created on demand; any other stack file must exist. */
export function knownStack(name: string): string {
  const stacks = knownStacks();
  if (!stacks.includes(name)) {
    const close = nearest(name, stacks);
    throw new InvalidArgumentError(
      `There is no Pulumi.${name}.yaml; ${close ? `did you mean ${close}?` : `stacks: ${stacks.join(", ")}`}`,
    );
  }
  return name;
}

/** Names of all stacks: local ones, and those with a stack file in the checkout. */
export function knownStacks(): string[] {
  const files = readdirSync(repoRoot()).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return [...new Set([...files, ...MACHINE_STACK_NAMES])].sort();
}

export interface CommittedStacksOption {
  /** Empty: all committed stacks. */
  readonly stack: readonly string[];
}

/** Adds the options of commands about the committed environments. */
export function withCommittedStacks(command: Command): Command {
  return command.addOption(
    new Option("-s, --stack <name>", "only this stack; can be repeated")
      .argParser((value: string, previous: readonly string[]) => collect(knownStack(value), previous))
      .default([], "all that have a file in the repository"),
  );
}

/** Names of the stacks with a stack file in the checkout, without local stacks. */
export function committedStacks(): string[] {
  return readdirSync(repoRoot())
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((name) => !MACHINE_STACK_NAMES.includes(name))
    .sort();
}

export function withSystem(command: Command): Command {
  return command.addOption(
    new Option("--system <name>", "only this system; can be repeated").argParser(collect).default([], "all"),
  );
}

/** Parses a duration such as `30s`, `10m` or `2h` to milliseconds. */
export function duration(value: string): number {
  const [, count, unit = ""] = /^(\d{1,6})(s|m|h)$/.exec(value) ?? [];
  const seconds = { s: 1, m: 60, h: 3600 }[unit];
  if (count === undefined || seconds === undefined) {
    throw new InvalidArgumentError(`Expected a time such as 30s, 10m or 2h, got ${value}.`);
  }
  return Number(count) * seconds * 1000;
}

/** Runs work under the stack's lock. */
export async function locked<T>(stack: string, purpose: string, work: () => Promise<T>): Promise<T> {
  const { withStackLock } = await import("./stack-lock.js");
  return withStackLock(stack, purpose, work);
}

export function withJson(command: Command): Command {
  return command.option("--json", "one JSON document on standard output, and nothing else there");
}

export function withProfile(command: Command): Command {
  return command.addOption(
    new Option(
      "--profile <name>",
      "with the services of this profile, such as dev-tools; can be repeated",
    ).argParser((value: string, previous: readonly string[] | undefined) => collect(value, previous ?? [])),
  );
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, ...value.split(",")];
}

/** Adds text below the options of `--help`: examples, then the exit codes. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [line: string, what: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`.trimEnd());
  return command.addHelpText("after", ["", "Examples:", ...lines].join("\n"));
}
