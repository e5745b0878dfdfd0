import { basesOf } from "../build-graph";
import { startOrder } from "../plan/order";
import type { Problem } from "../../base/problems";
import type { BuildSource, ImageDefinition, SystemDefinition, UpstreamSource } from "../types";
import { missing } from "./references";

/** Context names that both BuildKit and Compose accept. BuildKit rejects upper case in `FROM`. */
const CONTEXT = /^[a-z][a-z0-9_.-]{0,62}$/;
const ARGUMENT = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Build arguments that Longshore passes to every build. */
const OURS = ["VERSION", "BUILD_DATE", "VCS_REF", "SKIP_TESTS", "SOURCE_DATE_EPOCH"];

/** Checks the contexts, build arguments, references and build graphs of images. */
export function checkImages({ images }: SystemDefinition): Problem[] {
  const names = new Set(images.map(({ name }) => name));
  return [
    ...images.flatMap(({ name, source }) =>
      source.kind === "build"
        ? [...checkBuild(`images.${name}`, source), ...checkBases(`images.${name}`, source, names)]
        : checkUpstream(`images.${name}`, source),
    ),
    ...cycles(images),
  ];
}

function checkBuild(path: string, { contexts = {}, args = {} }: BuildSource): Problem[] {
  return [
    ...Object.keys(contexts)
      .filter((name) => !CONTEXT.test(name))
      .map((name) => ({
        path: `${path}.contexts.${name}`,
        message: "expected a name of lower-case letters, digits, _ . and -, starting with a letter",
      })),
    ...Object.keys(args).flatMap((name) => checkArgument(`${path}.args.${name}`, name)),
  ];
}

function checkArgument(path: string, name: string): Problem[] {
  if (!ARGUMENT.test(name)) {
    return [{ path, message: "expected letters, digits and _, not starting with a digit" }];
  }
  if (OURS.includes(name)) {
    return [{ path, message: "every build gets this argument", fix: "remove it here" }];
  }
  return /PASSWORD|SECRET|TOKEN|(^|_)KEY$/i.test(name)
    ? [{ path, message: "a build argument is readable in the image's history", fix: "read it at run time" }]
    : [];
}

function checkBases(path: string, { contexts = {} }: BuildSource, names: ReadonlySet<string>): Problem[] {
  return Object.entries(contexts).flatMap(([name, named]) =>
    named.kind === "image" ? missing(`${path}.contexts.${name}`, "image", named.image, names) : [],
  );
}

function checkUpstream(path: string, { reference }: UpstreamSource): Problem[] {
  if (!/^[a-z0-9][a-z0-9./_-]*(:\d+\/[a-z0-9./_-]+)?:[\w][\w.-]{0,127}$/.test(reference)) {
    return [
      { path: `${path}.reference`, message: `expected repository:tag, got ${JSON.stringify(reference)}` },
    ];
  }
  return reference.endsWith(":latest")
    ? [{ path: `${path}.reference`, message: "latest is no version", fix: "name the version's tag" }]
    : [];
}

function cycles(images: readonly ImageDefinition[]): Problem[] {
  return startOrder(new Map(images.map((image) => [image.name, basesOf(image)]))).cycles.map((cycle) => ({
    path: `images.${cycle[0] ?? ""}.contexts`,
    message: `is built upon itself: ${cycle.join(" → ")}`,
    fix: "remove one of these contexts",
  }));
}
