import type { Plan, PlannedImage } from "../../catalog/plan/types";
import type { HashSource } from "./source-description";

/** Number of hash digits in a tag. */
const LENGTH = 12;

/**
 * Returns the content tag of a hash. Equal sources share a tag and are built once; different sources never share a tag.
 */
export function tagOf(hash: string): string {
  return `src-${hash.slice(0, LENGTH)}`;
}

/**
 * Returns the name of an image on this machine: an upstream image keeps its own, a built one is named after its system
 * and sources.
 */
export function localImage(
  hashOf: HashSource,
  plan: Pick<Plan, "system" | "images">,
  { name, source }: PlannedImage,
): string {
  return source.kind === "upstream"
    ? source.reference
    : `${localRepository(plan.system, name)}:${tagOf(hashOf(source, plan))}`;
}

/** Returns the name, without tag, of an image that is built on this machine. */
export function localRepository(system: string, image: string): string {
  return `longshore/${system}/${image}`;
}
