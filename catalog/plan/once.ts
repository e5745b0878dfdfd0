import type { SystemDefinition } from "../types";
import { planSystem, type Plan, type PlanSettings } from ".";

const plans = new WeakMap<SystemDefinition, Map<string, Plan>>();

/**
 * Plans a system as `planSystem` does, once per process for equal settings: a command that prepares, previews and
 * deploys uses the same plan each time.
 * @param plan makes a plan @default planSystem
 * @throws ProblemsError
 */
export function planOnce(
  definition: SystemDefinition,
  settings: PlanSettings,
  plan: typeof planSystem = planSystem,
): Plan {
  const known = plans.get(definition) ?? new Map<string, Plan>();
  plans.set(definition, known);
  const key = JSON.stringify(settings, inOrder);
  const found = known.get(key) ?? plan(definition, settings);
  known.set(key, found);
  return found;
}

/** Sorts the keys of objects, whose order has no meaning. */
function inOrder(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
