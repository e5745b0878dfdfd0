import type { Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export interface PreviewOptions extends StackOption, SystemOption, JsonOption {
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly expectNoChanges?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("preview")
    .description("show what `up` would do, without doing it")
    .option("--offline", "plan a first deployment with stand-in providers: no account, no key, no network")
    .option("--refresh", "compare with what really runs, not with what was deployed last")
    .option("--expect-no-changes", "exit with 1 when something would change (to find drift)");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore preview", "what `up` would change on this machine"],
    ["longshore preview --stack prod --offline", "all that prod consists of, anywhere"],
    ["longshore preview --stack prod --refresh --expect-no-changes", "find manual changes in prod"],
  ]);
  return command.action(async (options: PreviewOptions) =>
    (await import("../engine/actions.js")).preview(options),
  );
}
