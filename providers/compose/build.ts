import type { Log } from "./engine";
import { Cancelled, UserError } from "./errors";
import { bake, type BakeRequest } from "../../tools/bake";
import { docker, dockerEnvironment, lastLines, tryDocker } from "./docker";
import type { ProjectInputs } from "./inputs";

/** Ids of the present images among the references, by reference. */
export async function presentImages(references: readonly string[]): Promise<Map<string, string>> {
  const inspected = await Promise.all(
    references.map(async (reference) => {
      const { exitCode, stdout } = await tryDocker(["image", "inspect", "--format", "{{.Id}}", reference]);
      return [reference, exitCode === 0 ? stdout.trim() : ""] as const;
    }),
  );
  return new Map(inspected.filter(([, id]) => id !== ""));
}

/**
 * Makes every image present: builds images that have a build section and pulls the others. Present images are not
 * rebuilt, because the tag of a built image identifies its sources.
 *
 * @returns ids by reference
 * @throws UserError with the last lines of the failed step; running containers are untouched
 */
export async function ensureImages(
  file: string,
  inputs: ProjectInputs,
  log: Log,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const services = new Map<string, { name: string; builds: boolean }>();
  for (const [name, { image, build }] of Object.entries(inputs.document.services)) {
    services.set(image ?? `${inputs.project}-${name}`, { name, builds: build !== undefined });
  }
  const references = [...services.keys()];
  const present = await presentImages(references);
  const absent = references.filter((reference) => !present.has(reference));
  if (absent.length === 0) {
    return present;
  }
  const compose = ["compose", "--project-name", inputs.project, "--file", file];
  const build = buildsOf(inputs, services, absent, file);
  const pulled = absent.filter((reference) => !build.references.has(reference));
  await pull(
    compose,
    pulled.flatMap((reference) => services.get(reference)?.name ?? []),
    log,
    signal,
  );
  for (const { images, ...run } of build.runs) {
    await runBuild({ ...run, env: dockerEnvironment(inputs.buildArgs) }, images, log, signal);
  }
  const now = await presentImages(references);
  const missing = references.filter((reference) => !now.has(reference));
  if (missing.length > 0) {
    throw new UserError(`images are still missing after building and pulling: ${missing.join(", ")}`);
  }
  return now;
}

async function pull(compose: string[], services: string[], log: Log, signal: AbortSignal): Promise<void> {
  if (services.length === 0) {
    return;
  }
  log.info(`pulling the images of ${services.join(", ")}`);
  const result = await tryDocker([...compose, "pull", "--quiet", ...services], { signal });
  throwIfCancelled(signal);
  if (result.exitCode !== 0) {
    throw new UserError(
      `an image could not be pulled (${services.join(", ")}):\n${indent(lastLines(result.all, 8))}`,
    );
  }
}

/** Short name of an image: `backend` of `todo/backend:src-0123`. */
export function imageName(reference: string): string {
  return (reference.split("/").at(-1) ?? reference).replace(/[:@].*$/, "");
}

interface Builds {
  /** References of the images to build. The others are pulled. */
  readonly references: ReadonlySet<string>;
  readonly runs: readonly (Pick<BakeRequest, "definition" | "targets" | "set"> & {
    /** Short names, see {@link imageName}. */
    readonly images: readonly string[];
  })[];
}

/**
 * Builds an image with the bake document if that has a target for it, and with the Compose document if only that has a
 * build section for it.
 */
function buildsOf(
  { bake: document }: ProjectInputs,
  services: ReadonlyMap<string, { name: string; builds: boolean }>,
  absent: readonly string[],
  file: string,
): Builds {
  const targets = new Map(
    Object.entries(document?.target ?? {}).flatMap(([name, { tags = [] }]) =>
      tags.map((tag) => [tag, name] as const),
    ),
  );
  const baked = absent.filter((reference) => targets.has(reference));
  const others = absent.filter((reference) => !targets.has(reference) && services.get(reference)?.builds);
  const nameOf = (reference: string) => services.get(reference)?.name ?? "";
  const runs = [
    {
      definition: document ?? { target: {} },
      targets: baked.flatMap((reference) => targets.get(reference) ?? []),
      images: baked.map(imageName),
    },
    {
      definition: { file },
      targets: others.map(nameOf),
      set: ["*.output=type=docker", ...others.map((reference) => `${nameOf(reference)}.tags=${reference}`)],
      images: others.map(imageName),
    },
  ];
  return {
    references: new Set([...baked, ...others]),
    runs: runs.filter((run) => run.targets.length > 0),
  };
}

async function runBuild(
  request: BakeRequest,
  images: readonly string[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const what = `${images.length === 1 ? "image" : "images"} ${images.join(", ")}`;
  log.info(`building ${what}`);
  const { failure } = await bake({
    ...request,
    signal,
    onStep: (step) => {
      log.status(`building ${step}`);
    },
  });
  throwIfCancelled(signal);
  if (failure !== undefined) {
    throw new UserError(`building ${what} failed; nothing that runs was touched\n${indent(failure)}`);
  }
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new Cancelled();
  }
}

export function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

/** Hash of each service's configuration, by service. Compose compares it to decide whether a container is up to date. */
export async function configHashes(project: string, file: string): Promise<Map<string, string>> {
  const args = ["compose", "--project-name", project, "--file", file, "config", "--hash", "*"];
  const { stdout } = await docker(args);
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [service, hash] = line.trim().split(/\s+/);
      return service !== undefined && hash !== undefined ? [[service, hash] as const] : [];
    }),
  );
}
