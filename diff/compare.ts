import { compareText } from "../base/problems";
import { dangersOf } from "./dangers";
import { flatten, WHOLE } from "./flatten";
import { replaces } from "./replacement";
import type {
  DescribedResource,
  DescribedStack,
  PropertyDifference,
  ResourceDifference,
  StackDifference,
} from "./types";

/** Properties whose changes always accompany another, more informative change. */
const NOISE = [/secrets-checksum$/, /volumes\.[\w-]+\.configMap\.name$/];

/** Compares two descriptions of one environment. `undefined` stands for an environment that does not exist. */
export function compareStacks(
  before: DescribedStack | undefined,
  after: DescribedStack | undefined,
): StackDifference {
  const stack = after ?? before;
  if (!stack) {
    throw new Error("internal: both descriptions are missing");
  }
  const [old, now] = [byKey(before), byKey(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const differences = keys.flatMap((key) => compareResources(old.get(key), now.get(key)));
  const workloads = (after?.resources ?? []).filter(isWorkload);
  const remaining = new Set(
    workloads.flatMap(({ system, name }) => [`${system}/${name}`, `${system}/${SHARED}`]),
  );
  const judge = (difference: Omit<ResourceDifference, "dangers">) =>
    dangersOf(difference, {
      lifecycle: stack.lifecycle,
      isNewStack: before === undefined,
      created: difference.operation === "create" ? now.get(keyOf(difference))?.properties : undefined,
      remains: remaining.has(`${difference.system}/${difference.name}`),
    });
  return {
    stack: stack.stack,
    differences: differences
      .map((difference): ResourceDifference => ({ ...difference, dangers: judge(difference) }))
      .sort(inOrder),
  };
}

const isWorkload = ({ type }: { type: string }): boolean => /^apps\/v1\/|^batch\/v1\//.test(type);
/** Name of the NetworkPolicy for all pods of a system. */
const SHARED = "default-deny";
const keyOf = ({ system, type, name }: { system: string; type: string; name: string }): string =>
  [system, type, name].join("\0");

function byKey(stack: DescribedStack | undefined): Map<string, DescribedResource> {
  return new Map((stack?.resources ?? []).map((resource) => [keyOf(resource), resource]));
}

function compareResources(
  before: DescribedResource | undefined,
  after: DescribedResource | undefined,
): Omit<ResourceDifference, "dangers">[] {
  const resource = after ?? before;
  if (!resource) {
    return [];
  }
  const { system, type, name } = resource;
  if (!before || !after) {
    return [{ operation: before ? "delete" : "create", system, type, name, properties: [] }];
  }
  const properties = compareProperties(type, before.properties, after.properties);
  if (properties.length === 0) {
    return [];
  }
  const operation = properties.some((one) => one.replaces) ? "replace" : "update";
  return [{ operation, system, type, name, properties }];
}

function compareProperties(
  type: string,
  before: DescribedResource["properties"],
  after: DescribedResource["properties"],
): PropertyDifference[] {
  const [old, now] = [flatten(before), flatten(after)];
  const differing = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => !Object.is(old.get(path), now.get(path)),
  );
  const saysMore = (whole: string) => {
    const start = `${whole.slice(0, -WHOLE.length)} `;
    return differing.some((path) => path !== whole && path.startsWith(start));
  };
  return differing
    .filter((path) => !(path.endsWith(WHOLE) && saysMore(path)))
    .filter((path) => !NOISE.some((pattern) => pattern.test(path)))
    .sort(compareText)
    .map((path): PropertyDifference => ({
      path,
      kind: !old.has(path) ? "add" : !now.has(path) ? "remove" : "change",
      ...(old.has(path) && { before: old.get(path) }),
      ...(now.has(path) && { after: now.get(path) }),
      replaces: replaces(type, path),
    }));
}

function inOrder(a: ResourceDifference, b: ResourceDifference): number {
  return (
    Number(b.dangers.length > 0) - Number(a.dangers.length > 0) ||
    compareText(a.system, b.system) ||
    compareText(a.type, b.type) ||
    compareText(a.name, b.name)
  );
}
