import type { Command } from "commander";
import { withExamples, withJson, type JsonOption } from "../support/options";

export interface DoctorOptions extends JsonOption {
  readonly fix?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("doctor")
    .description("show which tools were found and how to get what is missing; exit with 1 when something is")
    .option("--fix", "get what can be got without asking");
  withExamples(withJson(command), [
    ["longshore doctor", ""],
    ["longshore doctor --fix", "install the Pulumi CLI into the cache, and the like"],
  ]);
  return command.action(async (options: DoctorOptions) =>
    (await import("../support/doctor.js")).doctor(options),
  );
}
