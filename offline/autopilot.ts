import { AUTOPILOT } from "../catalog/plan/autopilot";
import { parseCpu, parseQuantity } from "../base/quantities";
import { isObject, text, type Json, type Properties } from "./values";

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

/**
 * Returns an object as the API server of an Autopilot cluster stores it. Models "autopilot-default-resources-mutator",
 * which raises the requests of a pod by those of its first container, and the limits with them.
 */
export function storedByAutopilot(object: Properties): Properties {
  return changed(object, podSpecPath(text(object.kind)), (spec) => withRaisedRequests(spec));
}

function podSpecPath(kind: string | undefined): readonly string[] | undefined {
  switch (kind) {
    case "Pod":
      return ["spec"];
    case "CronJob":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    case "Deployment":
    case "DaemonSet":
    case "Job":
    case "StatefulSet":
      return ["spec", "template", "spec"];
    default:
      return undefined;
  }
}

function changed(
  object: Properties,
  path: readonly string[] | undefined,
  change: (at: Properties) => Properties,
): Properties {
  const [key, ...rest] = path ?? [];
  if (path === undefined) {
    return object;
  }
  if (key === undefined) {
    return change(object);
  }
  const inner = object[key];
  return isObject(inner) ? { ...object, [key]: changed(inner, rest, change) } : object;
}

function withRaisedRequests(spec: Properties): Properties {
  const containers = Array.isArray(spec.containers) ? spec.containers : [];
  const [first] = containers;
  if (
    !isObject(first) ||
    containers.some((one) => requestsOf(one, "limits")["nvidia.com/gpu"] !== undefined)
  ) {
    return spec;
  }
  const sum = (resource: string, parse: (amount: string) => number | undefined): number =>
    containers.reduce<number>((total, one) => total + (parse(text(requestsOf(one)[resource]) ?? "") ?? 0), 0);
  const cpu = sum("cpu", parseCpu);
  const memory = sum("memory", parseBytes);
  const { ratio } = AUTOPILOT;
  const neededCpu = Math.max(AUTOPILOT.cpu.min, Math.ceil((memory / GIBIBYTE / ratio.max) * 1000));
  const neededMemory = Math.max(
    AUTOPILOT.memory.min,
    (Math.max(cpu, neededCpu) / 1000) * ratio.min * GIBIBYTE,
  );
  const raised = raise(
    raise(first, "cpu", neededCpu - cpu, parseCpu, (value) => `${value}m`),
    "memory",
    neededMemory - memory,
    parseBytes,
    (value) => `${Math.ceil(value / MEBIBYTE)}Mi`,
  );
  return raised === first ? spec : { ...spec, containers: [raised, ...containers.slice(1)] };
}

function raise(
  container: Properties,
  resource: string,
  by: number,
  parse: (amount: string) => number | undefined,
  format: (value: number) => string,
): Properties {
  if (by <= 0) {
    return container;
  }
  const request = (parse(text(requestsOf(container)[resource]) ?? "") ?? 0) + by;
  const limits = requestsOf(container, "limits");
  const limit = parse(text(limits[resource]) ?? "");
  return {
    ...container,
    resources: {
      ...(isObject(container.resources) ? container.resources : {}),
      requests: { ...requestsOf(container), [resource]: format(request) },
      ...(limit !== undefined && limit < request && { limits: { ...limits, [resource]: format(request) } }),
    },
  };
}

function requestsOf(container: Json, which: "requests" | "limits" = "requests"): Properties {
  const resources = isObject(container) && isObject(container.resources) ? container.resources : {};
  const found = resources[which];
  return isObject(found) ? found : {};
}

/** A quantity with a binary unit, or bytes without a unit. */
function parseBytes(amount: string): number | undefined {
  return parseQuantity(amount) ?? (/^\d+$/.test(amount) ? Number(amount) : undefined);
}
