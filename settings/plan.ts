import { DEFAULT_SCRAPE_SECONDS, MONITORING } from "../catalog/plan/monitoring";
import type { PlanSettings } from "../catalog/plan/settings";
import type { Plan, PlannedSecret } from "../catalog/plan/types";
import { secretsIn } from "../catalog/plan/resolve";
import { throwProblems, type Problem } from "../catalog/problems";
import type { Asked, StackSettings } from "./types";

/** What a stack decides about one of its systems. */
export function planSettings(
  settings: StackSettings,
  system: string,
  { profiles = [], leftOut = {} }: Asked = {},
): PlanSettings {
  const own = settings.perSystem[system];
  return {
    environment: settings.environment,
    target: settings.target,
    ...(settings.domain !== undefined && { domain: settings.domain }),
    ...(settings.tls !== undefined && { tls: settings.tls }),
    ...(own && { settings: own.settings, datastores: own.datastores, services: own.services }),
    ...(!offersDevices(settings) && { offersDevices: false }),
    ...(settings.monitored && { monitoring: { scrapeSeconds: scrapeSeconds(settings) } }),
    ...(settings.logging && { logging: settings.logging }),
    profiles: [...settings.profiles, ...profiles],
    leftOut: leftOut[system] ?? [],
    secretsSet: settings.secretsSet[system] ?? [],
    generations: settings.generations?.[system] ?? {},
  };
}

/** Google's own nodes have no devices to give. */
export function offersDevices({
  target,
  cluster,
}: Pick<StackSettings, "target"> & { readonly cluster: Pick<StackSettings["cluster"], "mode"> }): boolean {
  return target !== "gcp" || cluster.mode !== "autopilot";
}

/** One setting of the monitoring system is about all the others. */
function scrapeSeconds({ perSystem }: StackSettings): number {
  const set = perSystem[MONITORING]?.settings["scrapeSeconds"];
  return typeof set === "number" ? set : DEFAULT_SCRAPE_SECONDS;
}

/**
 * Names of the secrets that a deployment would miss: those that a person sets, and those generated ones that no
 * provider makes but `longshore secrets generate`: under Compose all of them, elsewhere certificates.
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
 * The plans that take part in a run which is limited to some systems (none named: to nothing). On this machine a
 * system that was not asked for and misses secrets is left out, for it shares nothing with the others and the
 * engine leaves alone what it is not pointed at. Elsewhere all take part: they share what is below them.
 */
export function takingPart(
  plans: readonly Plan[],
  settings: StackSettings,
  only: readonly string[],
): readonly Plan[] {
  return only.length === 0 || settings.target !== "compose"
    ? plans
    : plans.filter((plan) => only.includes(plan.system) || missingSecrets(plan, settings).length === 0);
}

/** Names of the workloads that get a secret, `edge` among them where the reverse proxy does. */
export function secretUsers({ workloads, edgeTls }: Plan, secret: string): string[] {
  return [...workloads, ...(edgeTls ? [{ name: "edge", ...edgeTls }] : [])]
    .filter(({ secretFiles }) => secretFiles.some(({ value }) => secretsIn(value).includes(secret)))
    .map(({ name }) => name);
}

/** The command with which a missing secret is set. */
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

/** Also why a certificate that the catalog calls generated is asked of a person. */
export function notSet(secret: PlannedSecret | undefined): string {
  return secret?.from === "config" && secret.value.kind === "tls"
    ? "not set (a certificate is only generated in local, dev and test)"
    : "not set";
}

/** @throws ProblemsError that names every missing secret and the command that sets it */
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
