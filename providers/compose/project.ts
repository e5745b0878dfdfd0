import { ensureImages, configHashes } from "./build";
import { validateDocument } from "./check";
import { isAlive, listContainers } from "./containers";
import { changedServices, diffProject, isEqual } from "./diff";
import { docker, DockerError, DockerTimeout } from "./docker";
import { readServices, serviceState, wantedStates } from "./drift";
import { Cancelled, PartialError } from "./errors";
import { failureText } from "./failures";
import {
  DEFAULTS,
  isJob,
  parseDocument,
  projectInputs,
  publishedPorts,
  replicasOf,
  shapeFailures,
  skippedGenerations,
  type Document,
  type ProjectInputs,
} from "./inputs";
import { maskedLog, maskOf, withMask, type Mask } from "./mask";
import { claimProject, dataVolumes, releaseProject, requireOwner } from "./owner";
import { checkPorts } from "./ports";
import { draftRelease, removeProjectFiles, type Release } from "./release";
import { jobsToRerun } from "./rerun";
import { rollOut, type RolloutResult } from "./rollout";
import type { Call, CheckFailure, ResourceHandler } from "./server";
import { removeUnusedNetworks } from "./shared-networks";
import { stopContainers } from "./start-stop";
import { keptVolumes, unusedVolumes, unusedVolumesText, volumeChanges } from "./unused-volumes";
import { noteFinished, noteUnfinished, readUnfinished } from "./unfinished";
import { wantedData } from "./volume-check";
import { dataProblems, recordData, requireData } from "./volume-data";
import { hasUnknown, isRecord, unwrap, type Properties } from "./values";

/** Handler of `compose:index:Project`, a Compose project on this machine's Docker daemon. Its id is the project name. */
export const projectHandler: ResourceHandler = {
  version: "0.1.0",

  async check(olds, news, call) {
    const inputs: Properties = { ...DEFAULTS, ...news };
    if (hasUnknown(inputs)) {
      return { inputs, failures: [] };
    }
    const failures: CheckFailure[] = [];
    try {
      inputs.document = parseDocument(unwrap(inputs.document));
    } catch (error) {
      failures.push({ property: "document", reason: error instanceof Error ? error.message : String(error) });
    }
    failures.push(...shapeFailures(unwrap(inputs) as Properties));
    if (failures.length > 0) {
      return { inputs, failures };
    }
    const { document, project } = projectInputs(inputs);
    const skipped = skippedGenerations(olds, projectInputs(inputs));
    if (skipped.length > 0) {
      return { inputs, failures: skipped };
    }
    inputs.services = wantedStates(Object.keys(document.services), (name) => isJob(name, document));
    // A deployed document is valid. Validating it again would cost every `up` a tenth of a second.
    const before = unwrap(olds.document);
    const known = isEqual(document, before);
    volumeChanges(before, document).forEach((text) => call?.log.warning(text));
    if (known) {
      return { inputs, failures };
    }
    failures.push(...(await validateDocument(project, document)));
    if (failures.length === 0 && !hasSameData(before, document)) {
      failures.push(...(await dataFailures({ project, document })));
    }
    return { inputs, failures };
  },

  diff: (old, news) => Promise.resolve(diffProject(old, news)),

  async create(properties, call) {
    const inputs = projectInputs(properties);
    await claimProject(inputs.project, false);
    return { id: inputs.project, outputs: await deploy(inputs, call) };
  },

  async update(_id, old, news, call) {
    await claimProject(projectInputs(news).project, true);
    const changed = changedServices(old, news);
    if (changed.length > 0) {
      call.log.info(`services: ${changed.join(", ")}`);
    }
    return deploy(projectInputs(news), call);
  },

  async read(id, outputs) {
    const unfinished = readUnfinished(id) ?? outputs.unfinished;
    const services = await readServices(id, outputs.services, unfinished !== undefined);
    return services && { ...outputs, services, ...(unfinished !== undefined && { unfinished }) };
  },

  async delete(id, properties, call) {
    await requireOwner(id);
    await takeDown(id, projectInputs(properties), call);
    await releaseProject(id);
  },
};

/** Deploys the project as described by the inputs. Running containers are not touched before the rollout. */
function deploy(inputs: ProjectInputs, call: Call): Promise<Properties> {
  const mask = maskOf(Object.values(inputs.secretFiles).map(({ content }) => content));
  return withMask(mask, () => deployMasked(inputs, call, mask));
}

async function deployMasked(
  inputs: ProjectInputs,
  { log: plainLog, signal }: Call,
  mask: Mask,
): Promise<Properties> {
  const { project, document } = inputs;
  // Output of health checks is logged and may contain secrets.
  const log = maskedLog(plainLog, mask);
  const left = readUnfinished(project);
  if (left !== undefined) {
    log.info(`continuing after ${left}`);
  }
  await checkPorts(inputs);
  const draft = draftRelease(inputs);
  if (draft.warning !== undefined) {
    log.warning(draft.warning);
  }
  let images: Map<string, string>;
  let release: Release;
  try {
    images = await ensureImages(draft.file, inputs, log, signal);
    await requireData(inputs, [...images.keys()]);
    release = await draft.finish([...images.keys()][0]);
  } catch (error) {
    draft.discard();
    throw error;
  }
  noteUnfinished(project, "an interrupted deployment");
  const asked = new Set(jobsToRerun(document));
  const runsAgain = (job: string) => left !== undefined || asked.has(job);
  let problem: Problem | undefined;
  try {
    // Before the start, because a new version may change the data at once; afterwards for volumes that it created.
    await recordData(inputs, [...images.keys()]);
    problem = problemOf(inputs, await rollOut(inputs, release, images, { log, signal }, runsAgain), mask);
    if (problem === undefined) {
      await recordData(inputs, [...images.keys()]);
    }
  } catch (error) {
    // From here on resources may exist. Without a state, no command would remove them.
    problem = { message: mask(messageOf(error)), unfinished: "a failed deployment" };
  }
  let outputs: Properties;
  try {
    outputs = await currentOutputs(inputs, release, images, problem !== undefined);
  } catch (error) {
    // If Docker is unavailable, the state must still contain the project; the next refresh reads its services.
    problem ??= { message: mask(messageOf(error)), unfinished: "a failed deployment" };
    outputs = unknownOutputs(inputs);
  }
  if (problem === undefined) {
    noteFinished(project);
    const unused = await unusedVolumes(inputs);
    if (unused.length > 0) {
      log.warning(unusedVolumesText(unused));
    }
    return outputs;
  }
  const { message, unfinished } = problem;
  noteUnfinished(project, unfinished);
  throw new PartialError(message, project, { ...outputs, unfinished });
}

/** Whether two documents describe the same versions of data, so that a deployed one needs no check before its deployment. */
function hasSameData(before: unknown, document: Document): boolean {
  const dataOf = (one: Document) => wantedData({ project: "", document: one });
  return (
    isRecord(before) && isRecord(before.services) && isEqual(dataOf(before as Document), dataOf(document))
  );
}

/** Problems with existing data. None if the daemon does not answer: a preview needs no daemon, the deployment checks again. */
async function dataFailures(inputs: Pick<ProjectInputs, "project" | "document">): Promise<CheckFailure[]> {
  try {
    return (await dataProblems(inputs, [])).map((reason) => ({ property: "document.volumes", reason }));
  } catch (error) {
    if (error instanceof DockerError || error instanceof DockerTimeout) {
      return [];
    }
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Outputs of a project whose containers cannot be read. */
function unknownOutputs({ project, document }: ProjectInputs): Properties {
  const services = Object.entries(document.services).map(([name, service]) => [
    name,
    { state: "unknown", image: "", config: "", replicas: replicasOf(service), job: isJob(name, document) },
  ]);
  return { project, services: Object.fromEntries(services) as Properties };
}

interface Problem {
  readonly message: string;
  /** How this deployment ended, recorded for the next one. */
  readonly unfinished: string;
}

function problemOf({ project }: ProjectInputs, result: RolloutResult, mask: Mask): Problem | undefined {
  const { failures, cancelled, kept } = result;
  const but = kept === "" ? "" : `: ${kept}`;
  if (cancelled) {
    return { message: new Cancelled().message, unfinished: `an interrupted deployment${but}` };
  }
  return failures.length === 0
    ? undefined
    : { message: failureText({ project, ...result }, mask), unfinished: `a failed deployment${but}` };
}

async function currentOutputs(
  { project, document }: ProjectInputs,
  release: Release,
  images: ReadonlyMap<string, string>,
  isUnfinished: boolean,
): Promise<Properties> {
  const [hashes, containers] = await Promise.all([
    configHashes(project, release.file),
    listContainers(project),
  ]);
  const services = Object.entries(document.services).map(([name, service]) => {
    const expected = {
      replicas: replicasOf(service),
      job: isJob(name, document),
      config: hashes.get(name) ?? "",
      image: images.get(service.image ?? `${project}-${name}`) ?? "",
    };
    const own = containers.filter((container) => container.service === name);
    const { replicas, job } = expected;
    return [name, { ...serviceState(expected, own, isUnfinished), replicas, job }] as const;
  });
  const url = address(document);
  return { project, services: Object.fromEntries(services), ...(url !== undefined && { url }) };
}

/** Addresses that stand for every one, and where this machine reaches them. */
const LOCAL_HOSTS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" };

/** Address of the project: the reverse proxy's port, or else the first published port. */
function address({ services }: Document): string | undefined {
  const edge = Object.values(services).filter(({ labels }) => labels?.["longshore.kind"] === "edge");
  const scheme = edge[0]?.labels?.["longshore.scheme"] ?? "http";
  const [first] = [...edge, ...Object.values(services)].flatMap(publishedPorts);
  return first && `${scheme}://${LOCAL_HOSTS[first.host] ?? first.host}:${first.port}`;
}

/** Timeout for `docker compose stop`, which stops services one after the other, each with its grace period. */
const TAKE_DOWN_SECONDS = 900;

/** Removes containers, networks and files. Removes volumes only if the inputs say so. */
async function takeDown(
  project: string,
  { document, keepVolumes }: ProjectInputs,
  { log }: Call,
): Promise<void> {
  const filter = `label=com.docker.compose.project=${project}`;
  const compose = async (...args: string[]) => {
    if (isRecord(document)) {
      const command = ["compose", "--project-name", project, "--file", "-", ...args];
      await docker(command, { input: JSON.stringify(document), timeoutSeconds: TAKE_DOWN_SECONDS });
    }
  };
  // The document defines the order: services stop before their dependencies.
  await compose("stop");
  const rest = await listContainers(project);
  await stopContainers(rest.filter(isAlive));
  if (rest.length > 0) {
    // `compose down` would leave the images' anonymous volumes, which cannot be found afterwards.
    await docker(["rm", "--volumes", ...rest.map(({ id }) => id)]);
  }
  await compose("down", "--remove-orphans");
  if (isRecord(document)) {
    await removeUnusedNetworks(document);
  }
  const volumes = await docker(["volume", "ls", "--quiet", "--filter", filter]);
  const names = volumes.stdout.split("\n").filter((name) => name !== "");
  if (!keepVolumes && names.length > 0) {
    await docker(["volume", "rm", ...names]);
  }
  removeProjectFiles(project);
  const data = dataVolumes(volumes.stdout);
  if (keepVolumes && data.length > 0 && process.env["LONGSHORE_DELETES_VOLUMES"] === undefined) {
    log.info(keptVolumes(data));
  }
}
