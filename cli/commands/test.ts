import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withSystem,
  type JsonOption,
  type SystemOption,
} from "../support/options";
import { TEST_STACK } from "../support/project";

export interface TestOptions extends SystemOption, JsonOption {
  /** Output folder of the reports. */
  readonly out: string;
  /** Whether to keep the systems running. */
  readonly keep?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("test")
    .description(
      `bring systems up with empty databases (stack ${TEST_STACK}), run their test runners, take them down`,
    )
    .option("--out <folder>", "where each system's junit.xml and coverage.xml go", "reports")
    .option("--keep", "leave the systems running, to look at what failed");
  withExamples(withJson(withSystem(command)), [
    ["longshore test --system todo", "reports/todo/junit.xml, and exit code 1 when a test failed"],
    ["longshore test --system todo --keep", `then: longshore logs --stack ${TEST_STACK}`],
  ]);
  return command.action((options: TestOptions) =>
    locked(TEST_STACK, "test", async () => (await import("../engine/test.js")).test(options)),
  );
}
