import { Command, CommanderError, Option } from "commander";
import { EXIT, Failure } from "./support/failure";
import { duration } from "./support/options";
import { surviveLostOutput } from "./support/output";
import { errorDocument, reportError } from "./support/report-error";
import { hasPrintedDocument, printDocument } from "./support/terminal";
import { registerBackup } from "./commands/backup";
import { registerRestore } from "./commands/restore";
import { registerClean } from "./commands/clean";
import { registerDev } from "./commands/dev";
import { registerBuild } from "./commands/build";
import { registerComment } from "./commands/comment";
import { registerDiff } from "./commands/diff";
import { registerDoctor } from "./commands/doctor";
import { registerDown } from "./commands/down";
import { registerEnv } from "./commands/env";
import { registerExec } from "./commands/exec";
import { registerHealth } from "./commands/health";
import { registerLogs } from "./commands/logs";
import { registerPreview } from "./commands/preview";
import { registerRender } from "./commands/render";
import { registerResources } from "./commands/resources";
import { registerScan } from "./commands/scan";
import { registerRecover } from "./commands/recover";
import { registerRestart } from "./commands/restart";
import { registerRollback } from "./commands/rollback";
import { registerSecrets } from "./commands/secrets";
import { registerStatus } from "./commands/status";
import { registerTest } from "./commands/test";
import { registerUp } from "./commands/up";
import { registerValidate } from "./commands/validate";
import { registerVersion } from "./commands/version";

const EXIT_CODES = `
Exit codes: 0 done, 1 a deployment, a service or a check failed, 2 wrong arguments or settings
(nothing was touched), 3 another command changes the stack (nothing was touched), 130 interrupted.`;

/**
 * Creates the `longshore` command. The modules imported here only describe the commands; a command's implementation is
 * loaded when it runs.
 */
export function createProgram(): Command {
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
  for (const register of [
    registerUp,
    registerDev,
    registerPreview,
    registerDown,
    registerRestart,
    registerRollback,
    registerRecover,
    registerStatus,
    registerLogs,
    registerHealth,
    registerExec,
    registerBackup,
    registerRestore,
    registerBuild,
    registerDiff,
    registerComment,
    registerResources,
    registerScan,
    registerRender,
    registerValidate,
    registerTest,
    registerSecrets,
    registerClean,
    registerDoctor,
    registerEnv,
    registerVersion,
  ]) {
    const command = register(program);
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

/** Runs the command line and returns the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const outputProblem = surviveLostOutput();
  try {
    await createProgram().parseAsync([...args], { from: "user" });
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
