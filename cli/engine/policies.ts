import { join } from "node:path";
import { repoRoot } from "../../tools/paths";
import { prepend } from "../support/tools";
import type { EngineOptions } from "./run";
import type { OpenStack } from "./stack";

/**
 * Options for the engine to check resources with the policy pack. Local runs skip it, because tests check the
 * documents of Compose projects.
 */
export function policies({
  settings,
  env,
}: Pick<OpenStack, "settings" | "env">): Pick<EngineOptions, "env" | "policyPacks"> {
  if (settings.target === "compose") {
    return { env };
  }
  const analyzer = join(repoRoot(), "policy", "analyzer");
  return {
    policyPacks: [analyzer],
    env: {
      ...env,
      LONGSHORE_LIFECYCLE: settings.lifecycle,
      LONGSHORE_ENVIRONMENT: settings.environment,
      PATH: prepend(analyzer, env["PATH"] ?? process.env["PATH"] ?? ""),
    },
  };
}
