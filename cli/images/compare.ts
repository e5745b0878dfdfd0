import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { list } from "tar";

/** Comparison of two builds of one image, as OCI layouts. */
export interface Comparison {
  /** Digest of the first build. */
  readonly digest: string;
  readonly isSame: boolean;
  /** Differences, one line each; empty if the builds are equal. */
  readonly differences: readonly string[];
}

interface Descriptor {
  readonly digest: string;
}

interface Image {
  readonly digest: string;
  readonly config: Readonly<Record<string, unknown>> & {
    readonly history?: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
  };
  readonly layers: readonly string[];
}

/**
 * Compares two builds of one image down to single files. Compares each platform of a multi-platform image.
 *
 * @param first folder of an OCI layout
 */
export async function compareLayouts(first: string, second: string): Promise<Comparison> {
  const [one, other] = await Promise.all([readIndex(first), readIndex(second)]);
  if (one.digest === other.digest) {
    return { digest: one.digest, isSame: true, differences: [] };
  }
  const differences: string[] = [];
  for (const [platform, digest] of one.images) {
    const against = other.images.get(platform);
    const where = one.images.size > 1 ? `${platform}: ` : "";
    const found =
      against === undefined
        ? ["only in the first build"]
        : await compareImages([first, digest], [second, against]);
    differences.push(...found.map((line) => where + line));
  }
  return { digest: one.digest, isSame: false, differences };
}

async function compareImages(
  [first, firstDigest]: readonly [string, string],
  [second, secondDigest]: readonly [string, string],
): Promise<string[]> {
  const [one, other] = await Promise.all([readImage(first, firstDigest), readImage(second, secondDigest)]);
  // The digests of unpacked layers differ whenever the layers differ, which is reported separately.
  const fields = Object.keys(one.config).filter(
    (key) => key !== "rootfs" && !isDeepStrictEqual(one.config[key], other.config[key]),
  );
  const steps = (one.config.history ?? []).filter(({ empty_layer: isEmpty }) => isEmpty !== true);
  const lines = fields.map((key) => `configuration: ${key}`);
  for (const [index, layer] of one.layers.entries()) {
    const against = other.layers[index];
    if (against === undefined || layer === against) {
      continue;
    }
    const step = (steps[index]?.created_by ?? "")
      .replace(/^(RUN )?\/bin\/sh -c /, "RUN ")
      .replace(/ # buildkit$/, "")
      .replace(/\s+/g, " ");
    lines.push(`layer ${index + 1} (${step.length > 60 ? `${step.slice(0, 59)}…` : step})`);
    lines.push(...(await compareLayers(blob(first, layer), blob(second, against))));
  }
  return lines;
}

/** Maximum number of files to list. The first ones show the cause. */
const NAMED = 12;

async function compareLayers(first: string, second: string): Promise<string[]> {
  const [one, other] = await Promise.all([readLayer(first), readLayer(second)]);
  const paths = [...new Set([...one.keys(), ...other.keys()])].sort();
  const lines = paths.flatMap((path) => {
    const what = differenceOf(one.get(path), other.get(path));
    return what === undefined ? [] : [`  ${path}: ${what}`];
  });
  if (lines.length === 0) {
    return ["  order or compression"];
  }
  const rest = lines.length - NAMED;
  return rest > 0 ? [...lines.slice(0, NAMED), `  … and ${rest} more`] : lines;
}

interface Entry {
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly time: number;
  readonly link: string;
  /** Hash of the content. */
  readonly hash: string;
}

function differenceOf(one: Entry | undefined, other: Entry | undefined): string | undefined {
  if (!one || !other) {
    return `only in the ${one ? "first" : "second"} build`;
  }
  const words: Readonly<Record<keyof Entry, string>> = {
    type: "kind",
    mode: "permissions",
    owner: "owner",
    time: "time",
    link: "target",
    hash: "content",
  };
  const keys = Object.keys(words) as (keyof Entry)[];
  const different = keys.filter((key) => one[key] !== other[key]);
  return different.length === 0 ? undefined : different.map((key) => words[key]).join(", ");
}

async function readLayer(file: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  await list({
    file,
    onReadEntry: (entry) => {
      const hash = createHash("sha256");
      entry.on("data", (chunk: Buffer) => hash.update(chunk));
      entry.on("end", () => {
        entries.set(entry.path, {
          type: entry.type,
          mode: entry.mode ?? 0,
          owner: `${entry.uid ?? 0}:${entry.gid ?? 0}`,
          time: entry.mtime?.getTime() ?? 0,
          link: entry.linkpath ?? "",
          hash: hash.digest("hex"),
        });
      });
    },
  });
  return entries;
}

interface Index {
  readonly digest: string;
  /** Digests of the images by platform. */
  readonly images: ReadonlyMap<string, string>;
}

async function readIndex(layout: string): Promise<Index> {
  const { manifests } = await readJson<{ manifests: Descriptor[] }>(join(layout, "index.json"));
  const [top] = manifests;
  if (!top) {
    throw new Error(`internal: ${layout}/index.json names no image`);
  }
  const { manifests: inner } = await readJson<{
    manifests?: (Descriptor & { platform?: { os: string; architecture: string; variant?: string } })[];
  }>(blob(layout, top.digest));
  const images = inner?.map(({ digest, platform }): [string, string] => [
    [platform?.os, platform?.architecture, platform?.variant].filter(Boolean).join("/"),
    digest,
  ]);
  return { digest: top.digest, images: new Map(images ?? [["", top.digest]]) };
}

async function readImage(layout: string, digest: string): Promise<Image> {
  const manifest = await readJson<{ config: Descriptor; layers: Descriptor[] }>(blob(layout, digest));
  return {
    digest,
    config: await readJson<Image["config"]>(blob(layout, manifest.config.digest)),
    layers: manifest.layers.map((layer) => layer.digest),
  };
}

function blob(layout: string, digest: string): string {
  return join(layout, "blobs", ...digest.split(":"));
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}
