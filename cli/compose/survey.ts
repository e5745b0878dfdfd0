import { nearest } from "../../base/nearest";
import { planSystem } from "../../catalog/plan";
import { presentIn } from "../../catalog/plan/presence";
import { ProblemsError } from "../../base/problems";
import { EDGE } from "../../render/compose/edge";
import type { Instance, Service } from "../../operations/instance";
import { planSettings, type StackSettings } from "../../settings";
import { deployedSystems } from "../engine/state";
import { usage } from "../support/failure";
import { choose, chosen, loadSettingsLeniently, warnOfUnknownSystems } from "../support/plans";
import { systems as catalog } from "../support/systems";
import type { Terminal } from "../support/terminal";
import { checkDaemon } from "./daemon";
import { containersOf, openEngine, type Container, type Engine } from "./docker";

/** What runs of a stack. */
export interface Survey<I extends Instance = Instance> {
  readonly settings: StackSettings;
  /** The requested systems, or all that the stack describes or still runs. */
  readonly systems: readonly string[];
  /** Instances of these systems. */
  readonly instances: readonly I[];
  /** Services that are expected and have no instance. */
  readonly absent: readonly Service[];
  /** Systems that were never deployed, or were taken down. */
  readonly notUp: readonly string[];
}

/** What runs of a stack on this machine. */
export interface MachineSurvey extends Survey<Container> {
  readonly engine: Engine;
  /** The instances. */
  readonly containers: readonly Container[];
}

/**
 * Surveys a stack on this machine. Includes running systems that the settings or the catalog no longer contain.
 * @param instead the command to use for a stack that runs elsewhere
 * @throws Failure with the alternative command if the stack runs elsewhere
 */
export async function survey(
  stack: string,
  only: readonly string[],
  instead: (system: string, settings: StackSettings) => string,
  terminal: Terminal,
): Promise<MachineSurvey> {
  const { settings, unknownSystems } = loadSettingsLeniently(stack);
  if (settings.target !== "compose") {
    const [first = "SYSTEM"] = chosen(settings, only);
    throw usage(`stack ${stack} does not run on this machine; use: ${instead(first, settings)}`);
  }
  const engine = await openEngine();
  if (engine.docker) {
    checkDaemon(stack, engine.docker);
  }
  const all = await containersOf(engine, stack);
  const running = new Set(all.map(({ system }) => system));
  const deployed = deployedSystems(stack);
  const known = [...new Set([...settings.systems, ...running, ...(deployed ?? [])])].sort();
  const systems = choose(stack, known, only);
  warnOfUnknownSystems(unknownSystems, stack, terminal);
  systems
    .filter((system) => !settings.systems.includes(system))
    .forEach((system) => {
      terminal.note(
        `warning: ${system} is no system of stack ${stack} any more; to remove it: ` +
          `bin/longshore down --system ${system} --stack ${stack}`,
      );
    });
  const instances = all.filter(({ system }) => systems.includes(system));
  // If the state cannot be read, a system without containers counts as missing.
  const isUp = (system: string) => running.has(system) || (deployed?.includes(system) ?? true);
  return {
    engine,
    settings,
    systems,
    instances,
    containers: instances,
    absent: absentOf(settings, systems.filter(isUp), instances),
    notUp: systems.filter((system) => !isUp(system)),
  };
}

/** Services that the systems describe and no instance belongs to. */
export function absentOf(
  settings: StackSettings,
  systems: readonly string[],
  instances: readonly Instance[],
): Service[] {
  return systems.flatMap((system) =>
    servicesIn(settings, system)
      .filter(({ name }) => (settings.perSystem[system]?.services[name]?.replicas ?? 1) > 0)
      .filter(({ name }) => !instances.some((one) => one.system === system && one.service === name))
      .map(({ name }) => ({ system, service: name })),
  );
}

function servicesIn(settings: StackSettings, system: string) {
  const definition = catalog()[system];
  return definition ? presentIn(definition, planSettings(settings, system)).services : [];
}

/**
 * Finds a service by name or as system/name. If several systems have such a service, prefers the deployed one.
 * @throws Failure if no service matches, or more than one
 */
export function findService(
  { settings, systems, instances }: Pick<Survey, "settings" | "systems" | "instances">,
  text: string,
): Service {
  const [first = "", second] = text.split("/");
  const wanted = second ?? first;
  const within = second === undefined ? systems : choose(settings.stack, systems, [first]);
  const all = within.flatMap((system) =>
    servicesOf(settings, system, instances).map((service) => ({ system, service })),
  );
  const found = all.filter(({ service }) => service === wanted);
  const up = found.filter(({ system }) => instances.some((one) => one.system === system));
  const [one] = up.length === 1 ? up : found;
  if (!one) {
    const names = [...new Set(all.map(({ service }) => service))];
    const close = nearest(wanted, names);
    throw usage(
      `there is no service ${text}; ${close ? `did you mean ${close}?` : `there are ${names.join(", ")}`}`,
    );
  }
  if (found.length > 1 && up.length !== 1) {
    throw usage(
      `several systems have a service ${wanted}: say ${found.map((each) => `${each.system}/${each.service}`).join(" or ")}`,
    );
  }
  return one;
}

/** All services of a system, including those that the plan adds. */
function servicesOf(settings: StackSettings, system: string, instances: readonly Instance[]): string[] {
  const there = instances.filter((one) => one.system === system).map(({ service }) => service);
  return [...new Set([...plannedServices(settings, system), ...there])];
}

function plannedServices(settings: StackSettings, system: string): string[] {
  const definition = catalog()[system];
  if (!definition) {
    return [];
  }
  try {
    const { workloads, routes } = planSystem(definition, planSettings(settings, system));
    const hasEdge = settings.target === "compose" && routes.length > 0;
    return [...workloads.map(({ name }) => name), ...(hasEdge ? [EDGE] : [])];
  } catch (error) {
    // A problem in the next deployment's settings must not hide the current state.
    if (error instanceof ProblemsError) {
      return [];
    }
    throw error;
  }
}
