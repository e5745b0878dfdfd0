import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { compareStacks, markdownOf, textOf, type DescribedStack } from "../../diff";
import { repoRoot } from "../../tools/paths";
import { withCommittedStacks, withExamples, type CommittedStacksOption } from "../support/options";
import { EXIT, Failure, usage } from "../support/failure";
import { commitOf, linkPackages } from "../support/other-commit";
import { openTerminal } from "../support/terminal";
import { requireEncrypted } from "../documents/committed-secrets";
import { describeStacks } from "../documents/describe-stacks";

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
  return command.action((options: DiffOptions) => {
    diff(options);
  });
}

/** Maximum output in bytes. The largest observed description of all environments is 4 MB. */
const LARGEST = 256 * 2 ** 20;

/** Runs `longshore diff`. */
export function diff({ against, stack, format, failOn }: DiffOptions): void {
  const terminal = openTerminal({ json: format === "json" });
  const commit = commitOf(against);
  if (commit === undefined) {
    throw usage(`--against: there is no commit, branch or tag ${against}; fetch it first (git fetch)`);
  }
  requireEncrypted(commit);
  const before = described(against, commit);
  const after = describeStacks(stack);
  // A stack that exists only in the other commit is being removed.
  const gone =
    stack.length > 0 ? [] : before.filter((one) => !after.some(({ stack: name }) => name === one.stack));
  const differences = [
    ...after.map((one) =>
      compareStacks(
        before.find(({ stack: name }) => name === one.stack),
        one,
      ),
    ),
    ...gone.map((one) => compareStacks(one, undefined)),
  ];
  switch (format) {
    case "json":
      terminal.json({ against, stacks: differences });
      break;
    case "markdown":
      process.stdout.write(markdownOf(differences));
      break;
    case "text":
      textOf(differences, terminal.colors).forEach(terminal.out);
      break;
  }
  const all = differences.flatMap((one) => one.differences);
  const dangerous = all.filter(({ dangers }) => dangers.length > 0);
  const found = { never: 0, dangerous: dangerous.length, changes: all.length }[failOn];
  if (found > 0) {
    throw new Failure(
      `there are ${failOn === "changes" ? "" : "dangerous "}changes (--fail-on ${failOn})`,
      EXIT.failed,
    );
  }
}

/** The file of the command `resources`, now and in older commits. */
const DESCRIBES = ["cli/commands/resources.ts", "cli/resources.ts"];

/**
 * Describes all environments of another commit. Runs that commit's code in a temporary folder, with the packages
 * installed here.
 */
function described(ref: string, commit: string): DescribedStack[] {
  const root = repoRoot();
  const folder = mkdtempSync(join(tmpdir(), "longshore-diff-"));
  try {
    const archive = execFileSync("git", ["archive", "--format=tar", commit], {
      cwd: root,
      maxBuffer: LARGEST,
    });
    execFileSync("tar", ["-x", "-C", folder], { input: archive });
    if (!DESCRIBES.some((file) => existsSync(join(folder, file)))) {
      throw usage(
        `${ref} is older than this command and cannot describe itself; compare with a later commit`,
      );
    }
    linkPackages(join(root, "node_modules"), join(folder, "node_modules"));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, "bin", "longshore"), "resources", "--json"],
      { cwd: folder, encoding: "utf8", maxBuffer: LARGEST, env: { ...process.env, LONGSHORE_STACK: "" } },
    );
    if (status !== 0) {
      throw new Failure(`${ref} cannot be described:\n${(stderr || stdout).trim()}`, EXIT.failed);
    }
    return (JSON.parse(stdout) as { stacks: DescribedStack[] }).stacks;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
