import { isObject, type Json, type Properties } from "../../offline/values";
import { FIELD_MANAGER, type ClusterObject } from "./cluster-client";

interface ManagedFields {
  readonly manager?: string;
  readonly fieldsV1?: Json;
}

/**
 * The object to apply when changes of some fields are ignored, as the real provider makes it: a field that this field
 * manager owns keeps its live value, and a field that another manager has taken over, such as the replicas of an
 * autoscaled Deployment, is left out. Applying it would be a conflict.
 * @param paths of fields of objects, such as `spec.replicas`; elements of lists are not supported
 */
export function withoutForeignFields(
  inputs: Properties,
  paths: readonly string[],
  live: ClusterObject,
): Properties {
  const entries = (live.metadata as { managedFields?: readonly ManagedFields[] }).managedFields ?? [];
  return paths.reduce<Properties>((object, path) => {
    const keys = path.split(".");
    const isOwn = entries.some(
      ({ manager, fieldsV1 }) =>
        manager === FIELD_MANAGER &&
        at(
          fieldsV1,
          keys.map((key) => `f:${key}`),
        ) !== undefined,
    );
    return replaced(object, keys, isOwn ? at(live as unknown as Json, keys) : undefined);
  }, inputs);
}

function at(value: Json | undefined, keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

function replaced(
  object: Properties,
  [key = "", ...rest]: readonly string[],
  value: Json | undefined,
): Properties {
  const { [key]: before, ...others } = object;
  if (before === undefined) {
    return object;
  }
  const after = rest.length === 0 ? value : isObject(before) ? replaced(before, rest, value) : before;
  return after === undefined ? others : { ...others, [key]: after };
}
