import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repoRoot } from "../../tools/paths";
import type { JsonOption } from "./options";
import { openTerminal } from "./terminal";

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
