import { createHash } from "node:crypto";
import { parseImageReference } from "../components/image-reference";
import type { Failure, Planner } from "./planner";
import { checkAgainstSdk, sdk } from "./sdk";
import { isObject, text, type Json, type Properties } from "./values";

const Image = "docker-build:index:Image";
const IMAGE_SCHEME = "docker-image://";

/** Plans image builds: checks the arguments and builds nothing. The digest stays unknown. */
export const dockerBuild: Planner = {
  package: "docker-build",
  sdk: "@pulumi/docker-build",
  assumptions: ["images are not built: their digests stay unknown"],

  complete: () => ({}),

  check(subject) {
    if (subject.type !== Image) {
      return [{ property: "", reason: `the offline provider does not know ${subject.type}, only ${Image}` }];
    }
    return [...checkAgainstSdk(sdk("@pulumi/docker-build"), subject), ...checkImage(subject.inputs)];
  },

  // Like the provider: a new password pushes the same image.
  ignores: ({ path }) => path[0] === "registries" && path.at(-1) === "password",

  // The provider rebuilds in place; nothing replaces an image.
  replaces: () => false,
  deleteFirst: () => false,

  create({ inputs }, { preview, previous }) {
    const tags = Array.isArray(inputs.tags) ? inputs.tags.map(text) : [];
    if (preview) {
      return { id: "", outputs: {} };
    }
    const digest = `sha256:${createHash("sha256")
      .update(JSON.stringify(sources(inputs)))
      .digest("hex")}`;
    const ref = tags[0] ? `${tags[0]}@${digest}` : digest;
    return { id: text(previous?.digest) ?? digest, outputs: { digest, ref, contextHash: digest.slice(7) } };
  },

  secrets: () => ["secrets"],
};

/** The inputs that determine the image's content. */
function sources({ context, dockerfile, buildArgs, platforms, target, tags, labels }: Properties): Json[] {
  return [context, dockerfile, buildArgs, platforms, target, tags, labels].map((value) => value ?? null);
}

function checkImage(inputs: Properties): Failure[] {
  const tags = Array.isArray(inputs.tags) ? inputs.tags : [];
  const failures = tags.flatMap((tag, index): Failure[] => {
    const reference = text(tag);
    const property = `tags[${index}]`;
    if (reference === undefined) {
      return [];
    }
    const parsed = parseImageReference(reference);
    if (!parsed) {
      return [{ property, reason: `expected repository:tag, got "${reference}"` }];
    }
    if (parsed.digest) {
      return [{ property, reason: "an image that is to be built cannot be named by its digest" }];
    }
    return parsed.tag ? [] : [{ property, reason: `"${reference}" has no tag and would become "latest"` }];
  });
  if (inputs.push === true && tags.length === 0) {
    failures.push({ property: "tags", reason: "push needs at least one tag that says where to" });
  }
  const location = isObject(inputs.context) ? inputs.context.location : undefined;
  const inline = isObject(inputs.dockerfile) && inputs.dockerfile.inline !== undefined;
  if (location === undefined && !inline) {
    failures.push({ property: "context", reason: "a build needs a context or an inline Dockerfile" });
  }
  return [...failures, ...checkNamed(inputs.context)];
}

/** Named build contexts: folders and images. */
function checkNamed(context: Json | undefined): Failure[] {
  const named = isObject(context) && isObject(context.named) ? context.named : {};
  return Object.entries(named).flatMap(([name, value]): Failure[] => {
    const location = isObject(value) ? text(value.location) : undefined;
    const image = location?.startsWith(IMAGE_SCHEME) ? location.slice(IMAGE_SCHEME.length) : undefined;
    return image === undefined || parseImageReference(image)
      ? []
      : [
          {
            property: `context.named["${name}"].location`,
            reason: `expected ${IMAGE_SCHEME}repository:tag, got "${location ?? ""}"`,
          },
        ];
  });
}
