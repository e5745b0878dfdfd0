import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export type RestartOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("restart")
    .description("replace containers by new ones of the same image, each ready before the old one goes")
    .argument(
      "[services...]",
      "such as backend or todo/backend; without any: all that need not stop for it, so no database",
    );
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore restart todo/backend", "no request is lost"],
    ["longshore restart --system todo", "all of a system but its database and its reverse proxy"],
    ["longshore restart todo/db", "stops, and starts again"],
  ]);
  return command.action((services: string[], options: RestartOptions) =>
    locked(options.stack, "restart", async () =>
      (await import("../compose/restart.js")).restart(services, options),
    ),
  );
}
