import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withProfile,
  withSystem,
  type JsonOption,
  type SystemOption,
} from "../support/options";
import { DEVELOPMENT_STACK } from "../support/project";
import { up } from "./up";

export interface DevOptions extends SystemOption, JsonOption {
  readonly profile?: readonly string[];
}

export function register(program: Command): Command {
  const command = program
    .command("dev")
    .description(
      `bring systems up to be worked on (stack ${DEVELOPMENT_STACK}): mounted sources, reloading, debuggers, sample data`,
    );
  withExamples(withJson(withSystem(withProfile(command))), [
    ["longshore dev --system todo", "edit services/todo/backend/src, and see the change"],
    ["longshore dev --system todo --profile dev-tools", "with a browser for its database"],
    [`longshore logs --stack ${DEVELOPMENT_STACK} --follow`, "what it says meanwhile"],
    [`longshore down --stack ${DEVELOPMENT_STACK} --volumes`, "when it is over: sample data goes too"],
  ]);
  return command.action((options: DevOptions) =>
    locked(DEVELOPMENT_STACK, "dev", () => up({ ...options, stack: DEVELOPMENT_STACK })),
  );
}
