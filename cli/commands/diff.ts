import { Option, type Command } from "commander";
import { withCommittedStacks, withExamples, type CommittedStacksOption } from "../support/options";

export interface DiffOptions extends CommittedStacksOption {
  readonly against: string;
  readonly format: "text" | "markdown" | "json";
  readonly failOn: "never" | "dangerous" | "changes";
}

export function register(program: Command): Command {
  const command = program
    .command("diff")
    .description("show what this checkout changes in each environment: offline, without keys or state")
    .requiredOption("--against <ref>", "the commit, branch or tag to compare with")
    .addOption(
      new Option("--format <name>", "text for people, markdown for a pull request, json for machines")
        .choices(["text", "markdown", "json"])
        .default("text"),
    )
    .addOption(
      new Option("--fail-on <what>", "exit with 1 when there is a dangerous change, or any")
        .choices(["never", "dangerous", "changes"])
        .default("never"),
    );
  withExamples(withCommittedStacks(command), [
    ["longshore diff --against main", "what this branch changes, in every environment"],
    ["longshore diff --against v1.4.0 --stack prod", "what a release changes in prod"],
    ["longshore diff --against origin/main --format markdown", "a comment for the pull request"],
    ["longshore diff --against main --fail-on dangerous", "a check that asks for a second pair of eyes"],
  ]);
  return command.action(async (options: DiffOptions) => {
    (await import("../documents/diff.js")).diff(options);
  });
}
