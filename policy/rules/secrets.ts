import { secretIn } from "../../catalog/secret-names";
import { fieldsAt, isFields, listAt } from "./read";
import { kubernetesKind, podOf } from "./pods";
import type { ResourceFacts, Rule } from "./types";

function violation(path: string, found: string): string {
  return `${path}: expected a reference to a Secret or a file, got ${found} in plain text`;
}

function ofPods(resource: ResourceFacts): string[] {
  return (podOf(resource)?.containers ?? []).flatMap(({ path, spec }) => {
    const variables = listAt(spec, "env")
      .filter(isFields)
      .map((one) => [`env.${String(one.name)}`, String(one.name), one.value] as const);
    const words = ["command", "args"].flatMap((key) =>
      listAt(spec, key).map((word, index) => [`${key}.${index}`, "", word] as const),
    );
    return [...variables, ...words].flatMap(([where, name, value]) => {
      const found = secretIn(name, value);
      return found === undefined ? [] : [violation(`${path}.${where}`, found)];
    });
  });
}

function ofConfigMaps({ type, props }: ResourceFacts): string[] {
  if (kubernetesKind(type) !== "ConfigMap") {
    return [];
  }
  return Object.entries(fieldsAt(props, "data")).flatMap(([key, value]) => {
    const found = secretIn(key, value);
    return found === undefined ? [] : [violation(`data.${key}`, found)];
  });
}

/** Build arguments stay readable in the image's history. */
function ofBuilds({ type, props }: ResourceFacts): string[] {
  if (type !== "docker-build:index:Image") {
    return [];
  }
  return Object.entries(fieldsAt(props, "buildArgs")).flatMap(([name, value]) => {
    const found = secretIn(name, value);
    return found === undefined
      ? []
      : [`buildArgs.${name}: expected a build secret (\`secrets\`), got ${found} in plain text`];
  });
}

const plainText: Rule = {
  name: "no-secret-in-plain-text",
  description:
    "Secrets reach containers as files or references, never as plain variables, arguments or ConfigMaps.",
  check: (resource) => [...ofPods(resource), ...ofConfigMaps(resource), ...ofBuilds(resource)],
};

const tags: Rule = {
  name: "image-tag-fixed",
  description: "Builds are pushed with an explicit tag other than latest.",
  check: ({ type, props }) =>
    type === "docker-build:index:Image"
      ? listAt(props, "tags").flatMap((tag) =>
          typeof tag === "string" && (tag.endsWith(":latest") || !/:[^/]+$/.test(tag))
            ? [`tags: expected a tag other than latest, got "${tag}"`]
            : [],
        )
      : [],
};

/** Rules for secrets and image tags. */
export const supplyRules = [plainText, tags] as const;
