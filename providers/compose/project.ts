import { ensureImages, configHashes } from "./build";
import { validateDocument } from "./check";
import { listContainers } from "./containers";
import { changedServices, diffProject, isEqual } from "./diff";
import { docker } from "./docker";
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
  type Document,
  type ProjectInputs,
} from "./inputs";
import { maskOf, type Mask } from "./mask";
import { checkPorts } from "./ports";
import { draftRelease, removeProjectFiles, type Release } from "./release";
import { rollOut } from "./rollout";
import type { Call, CheckFailure, ResourceHandler } from "./server";
import { hasUnknown, isRecord, unwrap, type Properties } from "./values";

/** `compose:index:Project`: a Compose project on this machine's engine. Its id is the project's name. */
export const projectHandler: ResourceHandler = {
  version: "0.1.0",

  async check(olds, news) {
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
    inputs.services = wantedStates(Object.keys(document.services), (name) => isJob(name, document));
    // What was deployed is valid: asking Compose again would cost every `up` a tenth of a second.
    const known = isEqual(document, unwrap(olds.document));
    return { inputs, failures: known ? [] : await validateDocument(project, document) };
  },

  diff: (old, news) => Promise.resolve(diffProject(old, news)),

  async create(properties, call) {
    const inputs = projectInputs(properties);
    return { id: inputs.project, outputs: await deploy(inputs, call) };
  },

  update(_id, old, news, call) {
    const changed = changedServices(old, news);
    if (changed.length > 0) {
      call.log.info(`services: ${changed.join(", ")}`);
    }
    return deploy(projectInputs(news), call);
  },

  async read(id, outputs) {
    const services = await readServices(id, outputs.services);
    return services && { ...outputs, services };
  },

  async delete(id, properties) {
    await takeDown(id, projectInputs(properties));
  },
};

/** Brings the project to what the inputs say. Up to the roll-out nothing that runs is touched. */
async function deploy(inputs: ProjectInputs, { log, signal }: Call): Promise<Properties> {
  const mask = maskOf(Object.values(inputs.secretFiles).map(({ content }) => content));
  await checkPorts(inputs);
  const draft = draftRelease(inputs);
  let images: Map<string, string>;
  let release: Release;
  try {
    images = await ensureImages(draft.file, inputs, log, signal);
    release = await draft.finish([...images.keys()][0]);
  } catch (error) {
    draft.discard();
    throw error;
  }
  let problem: string | undefined;
  try {
    problem = await rollOutProblem(inputs, release, images, mask, { log, signal });
  } catch (error) {
    // From here on something exists: it belongs into the state, or nobody would take it down.
    problem = mask(error instanceof Error ? error.message : String(error));
  }
  const outputs = await currentOutputs(inputs, release, images);
  if (problem !== undefined) {
    throw new PartialError(problem, inputs.project, outputs);
  }
  return outputs;
}

async function rollOutProblem(
  inputs: ProjectInputs,
  release: Release,
  images: ReadonlyMap<string, string>,
  mask: Mask,
  { log, signal }: Call,
): Promise<string | undefined> {
  const { failures, skipped, cancelled } = await rollOut(inputs, release, images, log, signal);
  if (cancelled) {
    return new Cancelled().message;
  }
  return failures.length === 0 ? undefined : failureText(inputs.project, failures, skipped, mask);
}

async function currentOutputs(
  { project, document }: ProjectInputs,
  release: Release,
  images: ReadonlyMap<string, string>,
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
    return [name, { ...serviceState(expected, own), replicas, job }] as const;
  });
  const url = address(document);
  return { project, services: Object.fromEntries(services), ...(url !== undefined && { url }) };
}

/** Where a person reaches the project: the first published port. */
function address({ services }: Document): string | undefined {
  const [first] = Object.values(services).flatMap(publishedPorts);
  return first && `http://${first.host === "0.0.0.0" ? "127.0.0.1" : first.host}:${first.port}`;
}

/** Removes containers, networks and files; volumes only when asked to. */
async function takeDown(project: string, { document, keepVolumes }: ProjectInputs): Promise<void> {
  const filter = `label=com.docker.compose.project=${project}`;
  if (isRecord(document)) {
    // The document gives the order: who depends on others goes first.
    const compose = ["compose", "--project-name", project, "--file", "-", "down", "--remove-orphans"];
    await docker(compose, { input: JSON.stringify(document) });
  }
  const { stdout } = await docker(["ps", "--all", "--quiet", "--filter", filter]);
  const rest = stdout.split("\n").filter((id) => id !== "");
  if (rest.length > 0) {
    await docker(["rm", "--force", "--volumes", ...rest]);
  }
  if (!keepVolumes) {
    const volumes = await docker(["volume", "ls", "--quiet", "--filter", filter]);
    const names = volumes.stdout.split("\n").filter((name) => name !== "");
    if (names.length > 0) {
      await docker(["volume", "rm", ...names]);
    }
  }
  removeProjectFiles(project);
}
