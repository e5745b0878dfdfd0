import { z } from "zod";
import { RUNTIMES } from "../choices";
import type { Handle } from "../handles";
import { isReference } from "../references";
import { wordOf } from "../handles";
import { named, oneOf, options, text, textIssue, textLike, wholeNumber } from "./basics";

const folder = textLike(
  "a folder below the repository's root",
  (value) => value !== "" && !value.startsWith("/") && !value.split("/").includes(".."),
);

/** Schema of a build context: a folder, or another image of the system. */
const context = z.custom<string | Handle>().superRefine((given: unknown, issues) => {
  if (typeof given === "string") {
    const isBelow = folder.safeParse(given);
    const message = textIssue(given)?.message ?? isBelow.error?.issues[0]?.message;
    if (message !== undefined) {
      issues.addIssue({ code: "custom", message });
    }
    return;
  }
  const isImage =
    typeof given === "object" &&
    given !== null &&
    !isReference(given) &&
    typeof (given as Partial<Handle>).name === "string" &&
    [undefined, "image"].includes(wordOf(given));
  if (!isImage) {
    const fix = given === undefined ? "is the name that it comes from spelt right?" : undefined;
    issues.addIssue({
      code: "custom",
      message: "expected a folder or an image of this system",
      params: { fix },
    });
  }
});

const user = wholeNumber(1, 65_535, "a numeric user, 1-65535 and not root");

export const imageOptions = options({
  /** Folder below the repository's root with the Dockerfile and every file that it copies. */
  context: folder,
  /** Name of the Dockerfile. @default "Dockerfile" */
  dockerfile: textLike("a file name", (value) => value !== "").default("Dockerfile"),
  /** Dockerfile stage to build. @default - the last one */
  target: textLike("the name of a stage", (value) => value !== "").exactOptional(),
  /**
   * Named build contexts: a folder below the repository's root (`COPY --from=NAME`), or another image of this system
   * (`FROM NAME`). They are part of the content tag. @default {}
   */
  contexts: named(context).default({}),
  /** Build arguments. They are visible in the image's history, so they must not contain secrets. @default {} */
  args: named(text).default({}),
  /** Numeric user that the container runs as. @default 1000 */
  user: user.default(1000),
  /** The program in the image that can send an HTTP request, for health checks inside the container. @default "none" */
  runtime: oneOf(RUNTIMES).default("none"),
});

export const upstreamOptions = options({
  /** Numeric user that the container runs as. @default 1000 */
  user: user.default(1000),
  /** The program in the image that can send an HTTP request, for health checks inside the container. */
  runtime: oneOf(RUNTIMES),
});
