import type { BuildSource, ImageDefinition } from "./types";

/** The part of an image definition that its build depends on. */
export type BuildImage = Pick<ImageDefinition, "name" | "source">;

/** Returns the sorted names of the images that an image is built on. */
export function basesOf({ source }: Pick<BuildImage, "source">): string[] {
  if (source.kind === "upstream") {
    return [];
  }
  const bases = Object.values(source.contexts ?? {}).flatMap((context) =>
    context.kind === "image" ? [context.image] : [],
  );
  return [...new Set(bases)].sort();
}

/** Returns the given names and, recursively, the names of the images that they are built on. */
export function withBases(names: Iterable<string>, images: readonly BuildImage[]): Set<string> {
  const byName = new Map(images.map((image) => [image.name, image]));
  const found = new Set<string>();
  const visit = (name: string) => {
    const image = byName.get(name);
    if (image && !found.has(name)) {
      found.add(name);
      basesOf(image).forEach(visit);
    }
  };
  [...names].forEach(visit);
  return found;
}

/**
 * Returns another image that a build refers to.
 * @throws Error when the image is not in the list, which `checkSystem` rules out
 */
export function baseImage<T extends BuildImage>(name: string, images: readonly T[]): T {
  const found = images.find((image) => image.name === name);
  if (!found) {
    throw new Error(`internal: an image is built upon ${name}, which is not in the plan`);
  }
  return found;
}

/** Returns every folder of the repository that goes into an image, including those of its base images, sorted. */
export function sourceFolders(source: BuildSource, images: readonly BuildImage[]): string[] {
  const folders = new Set<string>();
  const visit = ({ context, contexts = {} }: BuildSource) => {
    folders.add(context);
    for (const named of Object.values(contexts)) {
      if (named.kind === "folder") {
        folders.add(named.path);
        continue;
      }
      const base = baseImage(named.image, images).source;
      if (base.kind === "build") {
        visit(base);
      }
    }
  };
  visit(source);
  return [...folders].sort();
}
