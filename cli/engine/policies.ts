import { join } from "node:path";
import { repoRoot } from "../../tools/paths";
import { prepend } from "../support/tools";
import type { EngineOptions } from "./run";
import type { OpenStack } from "./stack";

/**
 * What a run of the engine needs to hold every resource against the policy pack. The documents of a Compose
 * project are ours alone and checked by tests, so that local runs do without it.
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
