import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../catalog/plan/types";
import { basesOf } from "../../render/images/dockerfile";
import { repoRoot } from "../../tools/paths";

/** Images that a plan pulls from registries: those it runs and the base images of its own. */
export function publishedImages({ images }: Plan): string[] {
  return images.flatMap(({ source }) => {
    if (source.kind === "upstream") {
      return [source.reference];
    }
    const dockerfile = join(repoRoot(), source.context, source.dockerfile);
    // The build reports a missing Dockerfile.
    return existsSync(dockerfile)
      ? basesOf(readFileSync(dockerfile, "utf8"), Object.keys(source.contexts ?? {}))
      : [];
  });
}
