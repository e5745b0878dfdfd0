import type { Plan, PlannedImage } from "../../catalog/plan/types";
import type { HashSource } from "./source-description";

/** Digits of the context's hash in a tag. */
const LENGTH = 12;

/** Tag of an image whose sources have this hash: equal sources are never built twice, others never share a tag. */
export function tagOf(hash: string): string {
  return `src-${hash.slice(0, LENGTH)}`;
}

/** Name of an image on this machine: an upstream image has its own, a built one that of its system and sources. */
export function localImage(
  hashOf: HashSource,
  plan: Pick<Plan, "system" | "images">,
  { name, source }: PlannedImage,
): string {
  return source.kind === "upstream"
    ? source.reference
    : `${localRepository(plan.system, name)}:${tagOf(hashOf(source, plan))}`;
}

/** Name without tag of an image that is built on this machine. */
export function localRepository(system: string, image: string): string {
  return `longshore/${system}/${image}`;
}
