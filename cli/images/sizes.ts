import { run } from "../../tools/process";

/** Unpacked size of an image in Docker in bytes: the sum of its layers. Undefined if the image does not exist. */
export async function unpackedBytes(image: string, env: NodeJS.ProcessEnv): Promise<number | undefined> {
  const { code, stdout } = await run("docker", ["history", "--human=false", "--format", "{{.Size}}", image], {
    env,
  });
  return code === 0 ? sum(stdout.split("\n").map(Number)) : undefined;
}

/** Transfer size of a pushed image in bytes, and the image digest of each platform. */
export interface PushedImage {
  readonly bytes: number;
  /** Digests by platform. Equal sources give equal digests; only the separate attestations contain the build time. */
  readonly platforms: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly layers?: readonly Descriptor[];
}

/** Queries the registry for a pushed image. Undefined if the response is unexpected. */
export async function pushedImage(
  repository: string,
  digest: string,
  platform: string,
  env: NodeJS.ProcessEnv,
): Promise<PushedImage | undefined> {
  const index = await manifest(`${repository}@${digest}`, env);
  const images = index?.manifests?.flatMap((one) =>
    one.platform && one.platform.os !== "unknown" ? [[platformText(one.platform), one.digest] as const] : [],
  ) ?? [[platform, digest] as const];
  const [first] = images;
  const whole = first && (first[1] === digest ? index : await manifest(`${repository}@${first[1]}`, env));
  return (
    whole?.layers && {
      bytes: sum(whole.layers.map(({ size }) => size)),
      platforms: Object.fromEntries(images),
    }
  );
}

async function manifest(reference: string, env: NodeJS.ProcessEnv): Promise<Manifest | undefined> {
  const { code, stdout } = await run("docker", ["buildx", "imagetools", "inspect", "--raw", reference], {
    env,
  });
  return code === 0 ? (JSON.parse(stdout) as Manifest) : undefined;
}

function platformText({ os, architecture, variant }: NonNullable<Descriptor["platform"]>): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** `62 MB`, `1.2 GB` */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 2 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ""}`;
}
