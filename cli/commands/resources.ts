import type { Command } from "commander";
import { describeStacks } from "../documents/describe-stacks";
import {
  withCommittedStacks,
  withExamples,
  withJson,
  type CommittedStacksOption,
  type JsonOption,
} from "../support/options";
import { openTerminal, plural, table } from "../support/terminal";

export type ResourcesOptions = CommittedStacksOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("resources")
    .description("list what environments consist of, from documents alone: no engine, keys or state");
  withExamples(withJson(withCommittedStacks(command)), [
    ["longshore resources --stack prod", "a line for each resource"],
    ["longshore resources --stack prod --json", "with all their properties; secrets have placeholders"],
  ]);
  return command.action((options: ResourcesOptions) => {
    resources(options);
  });
}

/** Runs `longshore resources`. */
export function resources({ stack, json = false }: ResourcesOptions): void {
  const terminal = openTerminal({ json });
  const described = describeStacks(stack);
  if (json) {
    terminal.json({ stacks: described });
    return;
  }
  for (const { stack: name, resources: all } of described) {
    terminal.out(terminal.colors.bold(`${name}: ${plural(all.length, "resource")}`));
    table(
      ["resource", "type"],
      all.map(({ system, name: resource, type }) => [`${system}/${resource}`, type]),
      terminal,
    ).forEach(terminal.out);
  }
}
