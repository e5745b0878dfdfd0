import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { configHashes, presentImages } from "./build";
import { listContainers, type Container } from "./containers";
import type { Log } from "./engine";
import { Cancelled, UserError } from "./errors";
import { failureText, ServiceFailed } from "./failures";
import {
  DEFAULTS,
  dependenciesOf,
  isJob,
  namedVolumes,
  publishedPorts,
  type Document,
  type ProjectInputs,
} from "./inputs";
import { maskedLog, maskOf } from "./mask";
import { ProjectRunner } from "./project-runner";
import { projectFolder } from "./project-folder";
import type { Release } from "./release";
import { rollService } from "./roll-service";
import { runJob } from "./run-job";
import { parseYaml } from "../../yaml/read";

/** A running service of a project. */
export interface Restartable {
  readonly service: string;
  /**
   * Whether a restart causes downtime: the service uses a volume or a host port, so two of its containers cannot run
   * together.
   */
  readonly stops: boolean;
}

/** Lists the services of a project that can be restarted, dependencies first. Excludes jobs. */
export async function restartable(project: string): Promise<Restartable[]> {
  const releases = await releasesOf(project);
  const found = (await listContainers(project)).filter(({ state }) => state !== "created");
  const names = [...new Set(found.map(({ service }) => service))];
  const documents = new Map(
    names.flatMap((name) => {
      const made = releaseOf(releases, newestOf(found, name));
      return made && !isJob(name, made.document) ? [[name, made.document] as const] : [];
    }),
  );
  const sorted: string[] = [];
  const visit = (name: string) => {
    const document = documents.get(name);
    if (document && !sorted.includes(name)) {
      dependenciesOf(document.services[name] ?? {}).forEach(visit);
      sorted.push(name);
    }
  };
  names.sort().forEach(visit);
  return sorted.map((service) => {
    const definition = documents.get(service)?.services[service] ?? {};
    return { service, stops: namedVolumes(definition).length > 0 || publishedPorts(definition).length > 0 };
  });
}

/**
 * Replaces the containers of a service with new ones of the same image and configuration. Works like an update: a new
 * container is ready before an old one stops, wherever both can run together. If the new one fails, the old one keeps
 * running.
 *
 * @throws UserError that names the service, the reason and the last lines of its log
 */
export async function restartService(project: string, service: string, options: RunOptions): Promise<void> {
  await replace(project, service, options, rollService);
}

/**
 * Runs a job again with the image and configuration of its last run. If its container is gone, with those of the newest
 * release that has it and that runs.
 * @throws UserError that names the job, the reason and the last lines of its log
 */
export async function rerunJob(project: string, job: string, options: RunOptions): Promise<void> {
  await replace(project, job, options, runJob);
}

interface RunOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

async function replace(
  project: string,
  service: string,
  { log, signal }: RunOptions,
  work: (run: ProjectRunner, service: string) => Promise<void>,
): Promise<void> {
  const containers = await listContainers(project);
  const newest = newestOf(containers, service);
  const releases = await releasesOf(project);
  const made = newest ? releaseOf(releases, newest) : runningRelease(releases, containers, service);
  if (!made) {
    throw new UserError(
      `${service}: the files that its container was made from are gone; bring it up again: bin/longshore up`,
    );
  }
  const { document, release, hashes } = made;
  const reference = document.services[service]?.image ?? `${project}-${service}`;
  const images = await presentImages([reference]);
  if (!images.has(reference)) {
    throw new UserError(
      `${service}: its image ${reference} is not on this machine any more; build it again: bin/longshore build`,
    );
  }
  const inputs: ProjectInputs = { ...DEFAULTS, project, document, files: {}, secretFiles: {} };
  const secrets = readSecrets(release.folder);
  const mask = maskOf(secrets ?? []);
  const told = secrets ? maskedLog(log, mask) : SILENT;
  const run = new Restart(inputs, release, hashes, images, told, signal, () => false);
  run.before = new Set(containers.map(({ id }) => id));
  try {
    await work(run, service);
  } catch (error) {
    if (error instanceof UserError && !(error instanceof Cancelled)) {
      const last = secrets && error instanceof ServiceFailed ? error.log : "";
      const failures = [{ service, reason: error.message, log: last }];
      throw new UserError(failureText({ project, failures, skipped: [], kept: "" }, mask));
    }
    throw error;
  }
}

/** A runner that treats every existing container as outdated, even if nothing has changed. */
class Restart extends ProjectRunner {
  /** Ids of the containers that existed before the restart. */
  before: ReadonlySet<string> = new Set();

  override isCurrent(container: Container): boolean {
    return !this.before.has(container.id) && super.isCurrent(container);
  }
}

/** The document that a service's newest container was created from. @default - its files no longer exist */
export async function documentOf(
  project: string,
  service: string,
): Promise<{ readonly document: Document; readonly folder: string } | undefined> {
  const made = releaseOf(await releasesOf(project), newestOf(await listContainers(project), service));
  return made && { document: made.document, folder: made.release.folder };
}

interface Made {
  readonly release: Release;
  readonly document: Document;
  /** Compose's configuration hashes, by service. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Releases whose files exist, newest first. */
async function releasesOf(project: string): Promise<Made[]> {
  const folder = join(projectFolder(project), "releases");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith(".")) : [];
  const releases = names
    .map((name): Release => {
      const own = join(folder, name);
      return { name, folder: own, file: join(own, "compose.yaml") };
    })
    .sort((a, b) => statSync(b.folder).mtimeMs - statSync(a.folder).mtimeMs);
  return Promise.all(
    releases.map(async (release) => ({
      release,
      document: parseYaml(readFileSync(release.file, "utf8")) as Document,
      hashes: await configHashes(project, release.file),
    })),
  );
}

/** Finds the release of a container by its configuration hash. Several releases may exist. */
function releaseOf(releases: readonly Made[], container: Container | undefined): Made | undefined {
  return container && releases.find(({ hashes }) => hashes.get(container.service) === container.configHash);
}

/** The newest release that has a service and that a running container was made from. */
function runningRelease(
  releases: readonly Made[],
  containers: readonly Container[],
  service: string,
): Made | undefined {
  const running = containers.filter(({ state }) => state === "running");
  return releases.find(
    (made) => service in made.document.services && running.some((one) => releaseOf([made], one) === made),
  );
}

function newestOf(containers: readonly Container[], service: string): Container | undefined {
  const own = containers.filter((one) => one.service === service);
  return own.filter(({ state }) => state === "running").at(-1) ?? own.at(-1);
}

/** Discards log lines, because container output may contain secrets that cannot be masked. */
const SILENT: Log = { status: () => undefined, info: () => undefined, warning: () => undefined };

/**
 * Secret values of a release, for masking. Undefined if this user cannot read them: only root and the containers'
 * users can.
 */
function readSecrets(release: string): string[] | undefined {
  const folder = join(release, "secrets");
  if (!existsSync(folder)) {
    return [];
  }
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      return undefined;
    }
    throw error;
  }
}
