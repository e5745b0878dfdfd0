import { DEFAULT_SCRAPE_SECONDS, MONITORING } from "../catalog/plan/monitoring";
import type { PlanSettings } from "../catalog/plan/settings";
import type { Plan, PlannedSecret } from "../catalog/plan/types";
import { secretsIn } from "../catalog/plan/resolve";
import { throwProblems, type Problem } from "../base/problems";
import type { RunOverrides, StackSettings } from "./types";

/** Returns a stack's settings for one of its systems. */
export function planSettings(
  settings: StackSettings,
  system: string,
  { profiles = [], skippedServices = {} }: RunOverrides = {},
): PlanSettings {
  const own = settings.perSystem[system];
  return {
    environment: settings.environment,
    target: settings.target,
    ...(settings.domain !== undefined && { domain: settings.domain }),
    ...(settings.tls !== undefined && { tls: settings.tls }),
    ...(own && { settings: own.settings, datastores: own.datastores, services: own.services }),
    ...(!offersDevices(settings) && { offersDevices: false, autopilot: true }),
    ...(settings.monitored && { monitoring: { scrapeSeconds: scrapeSeconds(settings) } }),
    ...((settings.backups?.recipients.length ?? 0) > 0 && { encryptsDumps: true }),
    ...(settings.logging && { logging: settings.logging }),
    ...(settings.pointInTime && { pointInTime: settings.pointInTime }),
    profiles: [...settings.profiles, ...profiles],
    skippedServices: skippedServices[system] ?? [],
    secretsSet: settings.secretsSet[system] ?? [],
    generations: settings.generations?.[system] ?? {},
  };
}

/** Whether nodes can have devices. Autopilot nodes of GKE have none. */
export function offersDevices({
  target,
  cluster,
}: Pick<StackSettings, "target"> & { readonly cluster: Pick<StackSettings["cluster"], "mode"> }): boolean {
  return target !== "gcp" || cluster.mode !== "autopilot";
}

/** Returns the scrape interval, a setting of the monitoring system that applies to all systems. */
function scrapeSeconds({ perSystem }: StackSettings): number {
  const set = perSystem[MONITORING]?.settings["scrapeSeconds"];
  return typeof set === "number" ? set : DEFAULT_SCRAPE_SECONDS;
}

/**
 * Returns the names of required secrets without a value: those that an operator sets, and the generated ones that
 * `longshore secrets generate` creates instead of a provider. Under Compose these are all generated secrets, elsewhere
 * only certificates.
 */
export function missingSecrets(plan: Plan, settings: StackSettings): string[] {
  const set = new Set(settings.secretsSet[plan.system]);
  return plan.secrets
    .filter(
      ({ name, from, value }) =>
        !set.has(name) &&
        (from === "config" || (from === "generated" && (plan.target === "compose" || value.kind === "tls"))),
    )
    .map(({ name }) => name);
}

/**
 * Returns the plans that participate in a run limited to some systems; no names mean no limit. On this machine, a
 * system that was not selected and lacks secrets is skipped: it shares nothing with the others, and the engine does not
 * change untargeted resources. On other targets all plans participate, because they share resources.
 */
export function participatingPlans(
  plans: readonly Plan[],
  settings: StackSettings,
  only: readonly string[],
): readonly Plan[] {
  return only.length === 0 || settings.target !== "compose"
    ? plans
    : plans.filter((plan) => only.includes(plan.system) || missingSecrets(plan, settings).length === 0);
}

/** Returns the names of the workloads that use a secret, including `edge` for the reverse proxy. */
export function secretUsers({ workloads, edgeTls }: Plan, secret: string): string[] {
  return [...workloads, ...(edgeTls ? [{ name: "edge", ...edgeTls }] : [])]
    .filter(({ secretFiles }) => secretFiles.some(({ value }) => secretsIn(value).includes(secret)))
    .map(({ name }) => name);
}

/** Returns the command that sets a missing secret. */
export function secretCommand(
  system: string,
  name: string,
  from: PlannedSecret["from"] | undefined,
  stack: string,
): string {
  return from === "generated"
    ? `bin/longshore secrets generate --stack ${stack}`
    : `bin/longshore secrets set ${system}.${name.replace(/@.*/, "")} --stack ${stack}`;
}

/**
 * Explains a missing secret, and why a certificate that the catalog declares as generated must be set by an operator.
 */
export function notSet(secret: PlannedSecret | undefined): string {
  return secret?.from === "config" && secret.value.kind === "tls"
    ? "not set (a certificate is only generated in local, dev and test)"
    : "not set";
}

/**
 * Requires a value for every secret of the plans.
 * @throws ProblemsError with every missing secret and the command that sets it
 */
export function requireSecrets(plans: readonly Plan[], settings: StackSettings): void {
  const problems = plans.flatMap((plan) =>
    missingSecrets(plan, settings).map((name): Problem => {
      const secret = plan.secrets.find((one) => one.name === name);
      const users = secretUsers(plan, name);
      return {
        path: `${plan.system}.secrets.${name}`,
        message: `${notSet(secret)}, and ${users.join(", ")} ${users.length === 1 ? "needs" : "need"} it`,
        fix: `run: ${secretCommand(plan.system, name, secret?.from, settings.stack)}`,
      };
    }),
  );
  throwProblems(`Pulumi.${settings.stack}.yaml`, problems);
}
