import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { MARKER, markdownOf } from "../../diff";
import { withExamples } from "../support/options";
import { Failure, usage } from "../support/failure";
import { readDifferences } from "../pull-request/differences";
import {
  list,
  Refusal,
  write,
  type Comment,
  type PullRequest,
  type Repository,
} from "../pull-request/github";

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
  return command.action((options: CommentOptions) => comment(options));
}

/** Author of comments that use a workflow's own token. Comments of other authors are never edited. */
const AUTHOR = "github-actions[bot]";

const followed = z.object({
  repository: z.object({ full_name: z.string(), default_branch: z.string() }),
  workflow_run: z.object({
    conclusion: z.string(),
    head_branch: z.string(),
    head_sha: z.string(),
    html_url: z.string(),
    /** Null if the fork was deleted. */
    head_repository: z.object({ full_name: z.string(), owner: z.object({ login: z.string() }) }).nullable(),
  }),
});
type Followed = z.infer<typeof followed>;

/** Runs `longshore comment`. */
export async function comment({ from }: CommentOptions): Promise<void> {
  const env = process.env;
  const event = readEvent(env["GITHUB_EVENT_PATH"]);
  const repository: Repository = {
    api: env["GITHUB_API_URL"] ?? "https://api.github.com",
    name: event.repository.full_name,
    token: needed("GITHUB_TOKEN", env["GITHUB_TOKEN"]),
  };
  const body = bodyOf(event, from);
  if (env["GITHUB_STEP_SUMMARY"] !== undefined) {
    appendFileSync(env["GITHUB_STEP_SUMMARY"], body);
  }
  const pullRequest = await pullRequestOf(repository, event);
  if (!pullRequest) {
    console.log("no open pull request has this commit as its newest: nothing to say");
    return;
  }
  try {
    console.log(`#${pullRequest.number}: ${await post(repository, pullRequest.number, body)}`);
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) {
      throw new Failure(
        `${error.message}; the token may not write comments: the job needs \`pull-requests: write\`, and the ` +
          "repository's settings must allow it (Actions, General, Workflow permissions). The text is in the job's summary",
      );
    }
    throw error;
  }
}

/** Updates the existing comment, or creates the first one. Returns the action that was taken. */
async function post(repository: Repository, number: number, body: string): Promise<string> {
  const comments = await list<Comment>(repository, `/issues/${number}/comments?per_page=100`);
  const own = comments.find(({ user, body: text }) => user?.login === AUTHOR && text.startsWith(MARKER));
  if (!own) {
    await write(repository, "POST", `/issues/${number}/comments`, { body });
    return "commented";
  }
  // GitHub keeps line endings unchanged and removes trailing white space.
  if (own.body.replaceAll("\r\n", "\n").trimEnd() === body.trimEnd()) {
    return "the comment says so already";
  }
  await write(repository, "PATCH", `/issues/comments/${own.id}`, { body });
  return "edited the comment";
}

/**
 * The pull request that the triggering workflow ran for. Never read from that run's files, which could name any pull
 * request. The event does not contain pull requests from forks, but a branch has at most one into the default branch.
 * Undefined if there is a newer commit, whose own run comments.
 */
async function pullRequestOf(
  repository: Repository,
  { repository: { default_branch: base }, workflow_run: made }: Followed,
): Promise<PullRequest | undefined> {
  if (!made.head_repository) {
    return undefined;
  }
  const head = `${made.head_repository.owner.login}:${made.head_branch}`;
  const query = new URLSearchParams({ state: "open", base, head, per_page: "100" });
  const open = await list<PullRequest>(repository, `/pulls?${query.toString()}`);
  return open.find(({ head: { sha } }) => sha === made.head_sha);
}

function bodyOf({ repository, workflow_run: made }: Followed, from: string): string {
  const run = `[run](${made.html_url})`;
  if (made.conclusion !== "success" || !existsSync(from)) {
    return `${MARKER}\n### The diff could not be made\n\nThe ${run} ended with ${made.conclusion}.\n`;
  }
  const isFork = made.head_repository?.full_name !== repository.full_name;
  const whose = isFork ? "Made by the fork's own code, in a " : "Made in a ";
  return `${markdownOf(readDifferences(from))}\n<sub>${whose}${run} without keys or state.</sub>\n`;
}

function readEvent(path: string | undefined): Followed {
  const file = needed("GITHUB_EVENT_PATH", path);
  const { data, error } = followed.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!data) {
    const where = error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw usage(`GITHUB_EVENT_PATH: expected an event of the kind workflow_run; missing or wrong: ${where}`);
  }
  return data;
}

function needed(name: string, value: string | undefined): string {
  if (!value) {
    throw usage(`${name} is not set; this command is for a GitHub workflow (.github/workflows/comment.yml)`);
  }
  return value;
}
