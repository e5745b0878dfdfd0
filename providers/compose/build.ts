import type { Log } from "./engine";
import { Cancelled, UserError } from "./errors";
import { docker, lastLines, tryDocker } from "./docker";
import type { ProjectInputs } from "./inputs";

/** Ids of the images of a document that are present, by reference. */
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
 * Sees to it that every image is present: builds what has a build section and pulls the rest. An image that is
 * present is taken as it is: tags of built images say what they were made from.
 *
 * @returns ids by reference
 * @throws UserError with the failed step's last lines; nothing that runs has been touched
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
  const named = (builds: boolean) =>
    absent.flatMap((reference) => {
      const service = services.get(reference);
      return service?.builds === builds ? [service.name] : [];
    });
  const compose = ["compose", "--project-name", inputs.project, "--file", file];
  const built = absent.filter((reference) => services.get(reference)?.builds);
  await pull(compose, named(false), log, signal);
  await build(compose, named(true), built.map(imageName), inputs.buildArgs, log, signal);
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

/** `backend` of `todo/backend:src-0123`: what a person calls it. */
export function imageName(reference: string): string {
  return (reference.split("/").at(-1) ?? reference).replace(/[:@].*$/, "");
}

async function build(
  compose: string[],
  services: string[],
  images: string[],
  env: Record<string, string>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (services.length === 0) {
    return;
  }
  const what = `${images.length === 1 ? "image" : "images"} ${images.join(", ")}`;
  log.info(`building ${what}`);
  const result = await tryDocker([...compose, "--progress", "plain", "build", ...services], {
    env,
    signal,
    onLine: (line) => {
      // `#12 [backend builder 3/7] RUN pip install …`: a step begins.
      const step = /^#\d+ (\[.+)$/.exec(line)?.[1];
      if (step !== undefined) {
        log.status(`building ${step}`);
      }
    },
  });
  throwIfCancelled(signal);
  if (result.exitCode !== 0) {
    throw new UserError(
      `building ${what} failed; nothing that runs was touched\n${indent(failedStep(result.all))}`,
    );
  }
}

/** The failed step and its last lines, from BuildKit's summary at the end. */
export function failedStep(output: string): string {
  const lines = output.trimEnd().split("\n");
  const rules = lines.flatMap((line, index) => (/^-{6,}$/.test(line) ? [index] : []));
  const [begin, end] = rules.slice(-4);
  const summary = begin === undefined || end === undefined ? [] : lines.slice(begin + 1, end);
  const reason = lines.filter((line) => /^(failed to solve|target .*: failed|ERROR)/.test(line)).slice(-1);
  return summary.length > 0 ? [...summary.slice(-24), ...reason].join("\n") : lastLines(output, 16);
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

/** Hash that Compose gives each service: what it compares to know whether a container is up to date. */
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
