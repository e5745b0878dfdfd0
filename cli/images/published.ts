import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../catalog/plan/types";
import { basesOf } from "../../render/images/dockerfile";
import { repoRoot } from "../../tools/paths";

/** What a plan takes from registries: images that it runs, and those that its own are built on. */
export function publishedImages({ images }: Plan): string[] {
  return images.flatMap(({ source }) => {
    if (source.kind === "upstream") {
      return [source.reference];
    }
    const dockerfile = join(repoRoot(), source.context, source.dockerfile);
    // A missing one is told by whoever builds.
    return existsSync(dockerfile)
      ? basesOf(readFileSync(dockerfile, "utf8"), Object.keys(source.contexts ?? {}))
      : [];
  });
}
