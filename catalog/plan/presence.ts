import type { JobDefinition, ServiceDefinition, SystemDefinition, Environment } from "../types";
import type { PlanSettings } from "./settings";

type Container = ServiceDefinition | JobDefinition;

/** Whether a container exists in an environment, regardless of its profile. */
export function isIn({ only }: Container, environment: Environment): boolean {
  return only?.includes(environment) ?? true;
}

/** Returns the system with only the services and jobs that exist in the environment and whose profile is active. */
export function presentIn(definition: SystemDefinition, settings: PlanSettings): SystemDefinition {
  const isThere = (container: Container) =>
    isIn(container, settings.environment) && isAskedFor(container, settings);
  const services = definition.services.filter(isThere);
  const skippedServices = new Set(settings.skippedServices);
  return {
    ...definition,
    services,
    jobs: definition.jobs.filter(isThere),
    routes: definition.routes.filter(({ to }) => !skippedServices.has(to.service)),
  };
}

function isAskedFor(
  { name, profile }: Container,
  { target, profiles = [], skippedServices = [] }: PlanSettings,
): boolean {
  if (skippedServices.includes(name)) {
    return false;
  }
  return (
    profile === undefined || (target === "compose" && (profiles === "all" || profiles.includes(profile)))
  );
}

/** Returns the sorted names of a system's profiles. */
export function profilesOf({ services, jobs }: SystemDefinition): string[] {
  return [...new Set([...services, ...jobs].flatMap(({ profile }) => profile ?? []))].sort();
}
