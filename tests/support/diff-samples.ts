import {
  compareStacks,
  type DescribedResource,
  type DescribedStack,
  type ResourceDifference,
} from "../../diff";

export const DEPLOYMENT = "apps/v1/Deployment";
export const SQL = "gcp:sql/databaseInstance:DatabaseInstance";

export function resource(
  type: string,
  properties: Record<string, unknown>,
  name = "backend",
): DescribedResource {
  return { system: "todo", type, name, properties };
}

export function stack(...resources: DescribedResource[]): DescribedStack {
  return { stack: "prod", lifecycle: "retain", resources };
}

/** Differences between two stacks in which one resource has different properties. */
export function change(
  type: string,
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): ResourceDifference[] {
  // The resource's workload is unchanged.
  const of = (properties: Record<string, unknown> | undefined) =>
    stack(resource("apps/v1/DaemonSet", {}), ...(properties ? [resource(type, properties)] : []));
  return [...compareStacks(of(before), of(after)).differences];
}

export const pod = (container: Record<string, unknown>, spec: Record<string, unknown> = {}) => ({
  spec: { ...spec, template: { spec: { containers: [{ name: "backend", ...container }] } } },
});
