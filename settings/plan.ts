import type { PlanSettings } from "../catalog/plan/settings";
import type { Plan } from "../catalog/plan/types";
import { secretsIn } from "../catalog/plan/resolve";
import { throwProblems, type Problem } from "../catalog/problems";
import type { StackSettings } from "./types";

/** What a stack decides about one of its systems. */
export function planSettings(settings: StackSettings, system: string): PlanSettings {
  return {
    environment: settings.environment,
    target: settings.target,
    ...(settings.domain !== undefined && { domain: settings.domain }),
    ...settings.perSystem[system],
    secretsSet: settings.secretsSet[system] ?? [],
  };
}

/**
 * Names of the secrets that a deployment would miss: those that a person sets, and under Compose the
 * generated ones too, because there no provider makes them (`longshore secrets generate` does).
 */
export function missingSecrets(plan: Plan, settings: StackSettings): string[] {
  const set = new Set(settings.secretsSet[plan.system]);
  return plan.secrets
    .filter(({ name, from }) => !set.has(name) && (from === "config" || plan.target === "compose"))
    .map(({ name }) => name);
}

/** @throws ProblemsError that names every missing secret and the command that sets it */
export function requireSecrets(plans: readonly Plan[], settings: StackSettings): void {
  const problems = plans.flatMap((plan) =>
    missingSecrets(plan, settings).map((name): Problem => {
      const secret = plan.secrets.find((one) => one.name === name);
      const users = plan.workloads
        .filter(({ secretFiles }) => secretFiles.some(({ value }) => secretsIn(value).includes(name)))
        .map((workload) => workload.name);
      return {
        path: `${plan.system}.secrets.${name}`,
        message: `not set, and ${users.join(", ")} ${users.length === 1 ? "needs" : "need"} it`,
        fix:
          secret?.from === "generated"
            ? `run: longshore secrets generate --stack ${settings.stack}`
            : `run: pulumi config set --stack ${settings.stack} --secret --path '${secret?.configPath ?? ""}'`,
      };
    }),
  );
  throwProblems(`Pulumi.${settings.stack}.yaml`, problems);
}
