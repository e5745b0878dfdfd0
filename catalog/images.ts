import type { z } from "zod";
import type { imageOptions, upstreamOptions } from "./schema/image";
import type { BuildContext, BuildSource, ImageDefinition } from "./types";

/** Handle of an image, for use in services and jobs. */
export interface ImageHandle {
  readonly name: string;
}

export type ImageOptions = z.input<typeof imageOptions>;
export type UpstreamOptions = z.input<typeof upstreamOptions>;

/** Creates the definition of an image that is built in this repository. */
export function imageDefinition(
  name: string,
  { user, runtime, ...options }: z.output<typeof imageOptions>,
): ImageDefinition {
  return { name, source: buildSource(options), user, runtime };
}

function buildSource({
  context,
  dockerfile,
  target,
  contexts,
  args,
}: Omit<z.output<typeof imageOptions>, "user" | "runtime">): BuildSource {
  const named = Object.entries(contexts).map(([name, value]): [string, BuildContext] => [
    name,
    typeof value === "string" ? { kind: "folder", path: value } : { kind: "image", image: value.name },
  ]);
  return {
    kind: "build",
    context,
    dockerfile,
    ...(target !== undefined && { target }),
    ...(named.length > 0 && { contexts: Object.fromEntries(named) }),
    ...(Object.keys(args).length > 0 && { args }),
  };
}
