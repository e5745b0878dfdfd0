import type { PlannedImage } from "../../catalog/plan/types";
import type { BuildSource } from "../../catalog/types";
import { contextHash } from "./context-hash";

/** Digits of the context's hash in a tag. */
const LENGTH = 12;

/** Tag of an image built from these sources: equal sources are never built twice, others never share a tag. */
export function sourceTag(repoRoot: string, source: BuildSource): string {
  return tagOf(contextHash(repoRoot, source));
}

/** Tag of an image whose sources have this hash. */
export function tagOf(hash: string): string {
  return `src-${hash.slice(0, LENGTH)}`;
}

/** Name of an image on this machine: an upstream image has its own, a built one that of its system and sources. */
export function localImage(repoRoot: string, system: string, { name, source }: PlannedImage): string {
  return source.kind === "upstream"
    ? source.reference
    : `longshore/${system}/${name}:${sourceTag(repoRoot, source)}`;
}
