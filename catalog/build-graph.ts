import type { BuildSource, ImageDefinition } from "./types";

/** An image as far as its build is concerned. */
export type BuildImage = Pick<ImageDefinition, "name" | "source">;

/** Names of the images that an image is built upon, sorted. */
export function basesOf({ source }: Pick<BuildImage, "source">): string[] {
  if (source.kind === "upstream") {
    return [];
  }
  const bases = Object.values(source.contexts ?? {}).flatMap((context) =>
    context.kind === "image" ? [context.image] : [],
  );
  return [...new Set(bases)].sort();
}

/** The names given, and all that their images are built upon. */
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

/** Another image that a build refers to. @throws when it is not among them, which the check has seen to */
export function baseImage<T extends BuildImage>(name: string, images: readonly T[]): T {
  const found = images.find((image) => image.name === name);
  if (!found) {
    throw new Error(`internal: an image is built upon ${name}, which is not in the plan`);
  }
  return found;
}

/** Every folder below the repository's root that goes into an image, those of its bases included, sorted. */
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
