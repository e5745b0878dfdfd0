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

export interface ScanOptions extends StackOption, SystemOption, JsonOption {
  /** Whether to skip checks that need the vulnerability database. */
  readonly offline?: boolean;
  /** Whether to build Trivy from its Go modules if it cannot be downloaded. */
  readonly buildTrivy?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("scan")
    .description("look for vulnerabilities, secrets and mistakes in images, Dockerfiles and documents")
    .option("--offline", "only what needs no vulnerability database; says what was not done")
    .option("--build-trivy", "build Trivy when it cannot be downloaded (Go, 10 minutes, once)");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore scan", "everything; HIGH and CRITICAL findings fail"],
    ["longshore scan --system todo", "one system"],
    ["longshore scan --offline", "without the vulnerability database"],
  ]);
  command.addHelpText(
    "after",
    `
Reports are written below reports/: SARIF and JSON of every check, a list of
contents (SBOM, CycloneDX) of every image. Exceptions, each with its reason, are
in .hadolint.yaml and .trivyignore.yaml.`,
  );
  return command.action(async (options: ScanOptions) => (await import("../images/scan.js")).scan(options));
}
