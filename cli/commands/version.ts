import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { repoRoot } from "../../tools/paths";
import { withExamples, withJson, type JsonOption } from "../support/options";
import { openTerminal } from "../support/terminal";

export function register(program: Command): Command {
  const command = program.command("version").description("show the version of longshore");
  withExamples(withJson(command), [["longshore version --json", "with Node.js and the Pulumi SDK"]]);
  return command.action((options: JsonOption) => {
    version(options);
  });
}

export function version({ json = false }: JsonOption): void {
  const terminal = openTerminal({ json });
  const versions = {
    longshore: versionOf("package.json"),
    node: process.versions.node,
    pulumiSdk: versionOf(join("node_modules", "@pulumi", "pulumi", "package.json")),
  };
  if (json) {
    terminal.json(versions);
  } else {
    terminal.out(
      `longshore ${versions.longshore} (Node.js ${versions.node}, Pulumi SDK ${versions.pulumiSdk})`,
    );
  }
}

function versionOf(manifest: string): string {
  return (JSON.parse(readFileSync(join(repoRoot(), manifest), "utf8")) as { version: string }).version;
}
