import type { Command } from "commander";
import {
  withCommittedStacks,
  withExamples,
  withJson,
  type CommittedStacksOption,
  type JsonOption,
} from "../support/options";

export type ResourcesOptions = CommittedStacksOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("resources")
    .description("list what environments consist of, from documents alone: no engine, keys or state");
  withExamples(withJson(withCommittedStacks(command)), [
    ["longshore resources --stack prod", "a line for each resource"],
    ["longshore resources --stack prod --json", "with all their properties; secrets have placeholders"],
  ]);
  return command.action(async (options: ResourcesOptions) => {
    (await import("../documents/resources.js")).resources(options);
  });
}
