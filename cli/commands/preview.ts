import type { Command } from "commander";
import { isWorthALine } from "../engine/describe";
import { withOpenStack } from "../engine/with-open-stack";
import { EXIT, Failure } from "../support/failure";
import { openTerminal } from "../support/terminal";
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
  return command.action((options: PreviewOptions) => preview(options));
}

/** Runs `longshore preview`. */
async function preview(options: PreviewOptions): Promise<void> {
  if (options.offline) {
    const { previewOffline } = await import("../engine/offline.js");
    return previewOffline(options);
  }
  const { stack, system, refresh = false, expectNoChanges = false, json = false } = options;
  const terminal = openTerminal({ json });
  await withOpenStack({ stack, system }, terminal, async (opened, progress, { deploy, conclude }) => {
    const result = await deploy("preview", opened, terminal, progress, { system, refresh });
    conclude("preview", opened, result, terminal);
    if (expectNoChanges && result.deployment.changed().some(isWorthALine)) {
      throw new Failure(`stack ${stack} would change, and no changes were expected`, EXIT.failed);
    }
  });
}
