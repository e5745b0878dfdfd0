import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withProfile,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export interface UpOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly refresh?: boolean;
  /** Jobs to rerun. */
  readonly rerun?: readonly string[];
  /** Profiles whose services run too. */
  readonly profile?: readonly string[];
  readonly rollbackOnFailure?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("up")
    .description("create or update a stack: images, databases, migrations, services, in this order")
    .option("-y, --yes", "do not ask (a stack other than local shows a preview and asks)")
    .option("--refresh", "refresh the state first and correct drift")
    .option("--rerun <job...>", "run these jobs once more, though nothing of them has changed")
    .option(
      "--rollback-on-failure",
      "on a cluster: deploy the last commit that went well when this one does not",
    );
  withProfile(command);
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore up", "everything, on this machine"],
    ["longshore up --system todo", "one system; the others stay as they are"],
    ["longshore up --rerun migrate", "the migration again, after a manual change of the database"],
    ["longshore up --stack prod", "preview, question, deployment"],
    ["longshore up --stack prod --yes --rollback-on-failure", "in a pipeline"],
  ]);
  return command.action((options: UpOptions) =>
    locked(options.stack, "up", async () => (await import("../engine/actions.js")).up(options)),
  );
}
