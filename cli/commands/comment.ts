import type { Command } from "commander";
import { withExamples } from "../support/options";

export interface CommentOptions {
  readonly from: string;
}

export function register(program: Command): Command {
  const command = program
    .command("comment")
    .description("show a diff in its pull request: in a GitHub workflow that follows the one which made it")
    .requiredOption("--from <file>", "what `longshore diff --format json` printed");
  withExamples(command, [["longshore comment --from diff.json", "as .github/workflows/comment.yml does"]]);
  command.addHelpText(
    "after",
    `
Edits the comment that is there, or adds the first one. What the file holds is taken
for data of a stranger. Reads GITHUB_EVENT_PATH (of the event workflow_run, which names
the repository), GITHUB_API_URL and GITHUB_TOKEN (pull-requests: write); the text goes
to the file GITHUB_STEP_SUMMARY, too.`,
  );
  return command.action(async (options: CommentOptions) =>
    (await import("../pull-request/comment.js")).comment(options),
  );
}
