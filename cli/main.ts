import { Command, CommanderError, Option } from "commander";
import { EXIT, Failure } from "./support/failure";
import { duration } from "./support/options";
import { surviveLostOutput } from "./support/output";
import { errorDocument, reportError } from "./support/report-error";
import { hasPrintedDocument, printDocument } from "./support/terminal";

const EXIT_CODES = `
Exit codes: 0 done, 1 a deployment, a service or a check failed, 2 wrong arguments or settings
(nothing was touched), 3 another command changes the stack (nothing was touched), 130 interrupted.`;

interface Verb {
  readonly register: (program: Command) => Command;
}

/* eslint-disable @typescript-eslint/no-require-imports -- loads a verb when it is needed, also in tests */
/** The commands in the order of `--help`. One file per verb: its description, its options and its flow. */
const COMMANDS: Readonly<Record<string, () => Verb>> = {
  up: () => require("./commands/up") as Verb,
  dev: () => require("./commands/dev") as Verb,
  preview: () => require("./commands/preview") as Verb,
  down: () => require("./commands/down") as Verb,
  restart: () => require("./commands/restart") as Verb,
  rollback: () => require("./commands/rollback") as Verb,
  recover: () => require("./commands/recover") as Verb,
  status: () => require("./commands/status") as Verb,
  logs: () => require("./commands/logs") as Verb,
  health: () => require("./commands/health") as Verb,
  exec: () => require("./commands/exec") as Verb,
  upgrade: () => require("./commands/upgrade") as Verb,
  backup: () => require("./commands/backup") as Verb,
  restore: () => require("./commands/restore") as Verb,
  build: () => require("./commands/build") as Verb,
  diff: () => require("./commands/diff") as Verb,
  comment: () => require("./commands/comment") as Verb,
  resources: () => require("./commands/resources") as Verb,
  scan: () => require("./commands/scan") as Verb,
  render: () => require("./commands/render") as Verb,
  validate: () => require("./commands/validate") as Verb,
  test: () => require("./commands/test") as Verb,
  secrets: () => require("./commands/secrets") as Verb,
  clean: () => require("./commands/clean") as Verb,
  doctor: () => require("./commands/doctor") as Verb,
  env: () => require("./commands/env") as Verb,
  completion: () => require("./commands/completion") as Verb,
  version: () => require("./commands/version") as Verb,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Creates the `longshore` command with some of its verbs. @param verbs those to describe @default all */
export function createProgram(verbs: readonly string[] = Object.keys(COMMANDS)): Command {
  const program = new Command("longshore")
    .description(
      "Describe container systems once; run them on one machine, on any Kubernetes and on Google Cloud.",
    )
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .option("--debug", "show stack traces and what is run")
    .addOption(
      new Option(
        "--wait <time>",
        "wait so long for another command that changes the same stack, such as 30s or 10m",
      ).argParser(duration),
    )
    .hook("preAction", async (_, command) => {
      const { wait } = command.optsWithGlobals<{ wait?: number }>();
      if (wait !== undefined) {
        (await import("./support/stack-lock.js")).setLockPatience(wait);
      }
    })
    .helpCommand("help [command]", "show how a command is used")
    .showSuggestionAfterError()
    .exitOverride();
  for (const verb of verbs) {
    const command = load(verb).register(program);
    [command, ...command.commands].forEach((each) => each.exitOverride().addHelpText("after", EXIT_CODES));
  }
  return program.addHelpText(
    "after",
    `
Examples:
  longshore up                               bring everything up on this machine
  longshore preview --stack prod --offline   what prod would get, without an account or the network
  longshore logs backend --follow            what a service says
${EXIT_CODES}`,
  );
}

function load(verb: string): Verb {
  const command = COMMANDS[verb];
  if (!command) {
    throw new Error(`internal: there is no command ${verb}`);
  }
  return command();
}

/**
 * The verbs whose modules a command line needs: the first word, if it is a verb; all for help, suggestions and completion.
 * Loading all of them takes a quarter of the time of a short command.
 */
export function verbsFor(args: readonly string[]): readonly string[] {
  const words = args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--wait");
  const [first = ""] = words;
  const describesAll = first === "completion" || !Object.hasOwn(COMMANDS, first);
  return describesAll ? Object.keys(COMMANDS) : [first];
}

/** Runs the command line and returns the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const outputProblem = surviveLostOutput();
  try {
    await createProgram(verbsFor(args)).parseAsync([...args], { from: "user" });
    const code = Number(process.exitCode ?? EXIT.ok);
    const problem = outputProblem();
    if (code === EXIT.ok && problem !== undefined) {
      throw new Failure(`the command has finished, but its output could not be written: ${problem.message}`);
    }
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already printed the error. A request for help is not an error.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (args.includes("--json") && !hasPrintedDocument()) {
      printDocument(errorDocument(error));
    }
    return reportError(error, args.includes("--debug"));
  }
}
