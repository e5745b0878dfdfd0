import { absent, isPresent, type ImageHandle } from "./containers";
import type { Keys } from "./options";
import type { Problem } from "./problems";
import type { BuildContext, BuildSource, ImageDefinition, Runtime } from "./types";

export interface ImageOptions {
  /** Folder below the repository's root with the Dockerfile and all that it copies. */
  context: string;
  /** @default "Dockerfile" */
  dockerfile?: string;
  /** Stage to build. @default - the last one */
  target?: string;
  /**
   * What the Dockerfile can read beside its context: a folder below the repository's root (`COPY --from=NAME`), or
   * another image of this system (`FROM NAME`). Part of what decides whether the image is built again. @default {}
   */
  contexts?: Record<string, string | ImageHandle>;
  /** Build arguments. Readable in the image's history, so never a secret. @default {} */
  args?: Record<string, string>;
  /** Numeric user that the container runs as. @default 1000 */
  user?: number;
  /** What in the image can ask a HTTP endpoint, for health checks inside the container. @default "none" */
  runtime?: Runtime;
}

export const IMAGE_KEYS: Keys<ImageOptions> = {
  context: true,
  dockerfile: true,
  target: true,
  contexts: true,
  args: true,
  user: true,
  runtime: true,
};

/** Contexts that are not there: misspelt, or used before the image that they name. */
export function missingContexts(name: string, { contexts = {} }: ImageOptions): Problem[] {
  return Object.entries(contexts)
    .filter(([, value]) => !isContext(value))
    .map(([context]) => absent(`images.${name}.contexts.${context}`, "a folder or an image of this system"));
}

export function imageDefinition(name: string, options: ImageOptions): ImageDefinition {
  const { user = 1000, runtime = "none" } = options;
  return { name, source: buildSource(options), user, runtime };
}

function buildSource(options: ImageOptions): BuildSource {
  const { context, dockerfile = "Dockerfile", target, contexts = {}, args = {} } = options;
  const named = Object.entries(contexts)
    .filter(([, value]) => isContext(value))
    .map(([name, value]): [string, BuildContext] => [
      name,
      typeof value === "string" ? { kind: "folder", path: value } : { kind: "image", image: value.name },
    ]);
  return {
    kind: "build",
    context,
    dockerfile,
    ...(target && { target }),
    ...(named.length > 0 && { contexts: Object.fromEntries(named) }),
    ...(Object.keys(args).length > 0 && { args }),
  };
}

function isContext(value: unknown): boolean {
  return (
    typeof value === "string" || (isPresent(value) && typeof (value as { name?: unknown }).name === "string")
  );
}
