import { existsSync, readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstallation } from "../../tools/installation";
import { dataDir } from "../../tools/paths";
import { docker as dockerCommand } from "./docker";
import { UserError } from "./errors";
import { projectFolder } from "./project-folder";

/**
 * Labels of the empty volume that records the owner of a Compose project. The daemon creates a volume name only once,
 * so two installations cannot both own a project, and the volume is deleted with the project's data. Labels in the
 * Compose document would instead replace every existing container, network and volume at the first `up` of a new
 * version.
 */
export const OWNER = {
  installation: "longshore.installation",
  folder: "longshore.data-folder",
  user: "longshore.user",
} as const;

export interface Owner {
  readonly project: string;
  readonly installation: string;
  readonly folder: string;
  readonly user: string;
}

/** Runs docker and returns its standard output. */
export type DockerOutput = (args: readonly string[]) => Promise<string>;

const viaProvider: DockerOutput = async (args) => (await dockerCommand(args)).stdout;

const PROJECT_LABEL = "com.docker.compose.project";

const OWNER_SUFFIX = "_longshore-owner";

export function ownerVolume(project: string): string {
  return `${project}${OWNER_SUFFIX}`;
}

/** Filters the names of volumes that hold data from docker's list of volumes. */
export function dataVolumes(listed: string): string[] {
  return listed.split("\n").filter((name) => name !== "" && !name.endsWith(OWNER_SUFFIX));
}

/** Reads the owners of all projects on the daemon that have one. */
export async function readOwners(docker: DockerOutput): Promise<Owner[]> {
  const fields = [PROJECT_LABEL, OWNER.installation, OWNER.user, OWNER.folder];
  const format = ["{{.Name}}", ...fields.map((label) => `{{.Label "${label}"}}`)].join("\t");
  const out = await docker(["volume", "ls", "--filter", `label=${OWNER.installation}`, "--format", format]);
  return out.split("\n").flatMap((line) => {
    const [name, project = "", installation = "", user = "", folder = ""] = line.split("\t");
    return name === ownerVolume(project) && project !== "" ? [{ project, installation, user, folder }] : [];
  });
}

/**
 * Makes this installation the owner of a project, before anything of the project is created or changed.
 * @param isKnown whether the caller's state contains the project; otherwise containers and volumes without an owner
 * are taken over only if this data folder has deployed the project before (version 0.1 recorded no owner)
 * @throws UserError if another installation owns the project, or may own it
 */
export async function claimProject(
  project: string,
  isKnown: boolean,
  docker: DockerOutput = viaProvider,
): Promise<void> {
  const { id } = ensureInstallation();
  if (await isOwn(project, id, docker)) {
    return;
  }
  if (!isKnown && !wasDeployedFromHere(project) && (await hasObjects(project, docker))) {
    throw new UserError(
      `project ${project}: expected no containers and volumes, got some that this data folder (${dataDir()}) has never ` +
        `deployed; nothing was changed; fix: ${remedy(project)}`,
    );
  }
  await createOwner(project, id, docker);
  // The daemon returns the existing volume if another installation has created it first.
  await isOwn(project, id, docker);
}

/** Checks that this installation owns a project. @throws UserError if another installation owns it */
export async function requireOwner(project: string, docker: DockerOutput = viaProvider): Promise<void> {
  await isOwn(project, ensureInstallation().id, docker);
}

/** Replaces the owner of a project with this installation. Call only after the operator has confirmed. */
export async function takeOver(project: string, docker: DockerOutput): Promise<void> {
  const { id } = ensureInstallation();
  if ((await readOwners(docker)).some((owner) => owner.project === project)) {
    await docker(["volume", "rm", ownerVolume(project)]);
  }
  await createOwner(project, id, docker);
  await isOwn(project, id, docker);
}

/** Releases ownership if no containers and volumes of the project are left. */
export async function releaseProject(project: string, docker: DockerOutput = viaProvider): Promise<void> {
  if (!(await hasObjects(project, docker)) && (await isOwn(project, ensureInstallation().id, docker))) {
    await docker(["volume", "rm", ownerVolume(project)]);
  }
}

/** @throws UserError */
async function isOwn(project: string, id: string, docker: DockerOutput): Promise<boolean> {
  const owner = (await readOwners(docker)).find((one) => one.project === project);
  if (owner !== undefined && owner.installation !== id) {
    throw new UserError(foreignText(owner));
  }
  return owner !== undefined;
}

export function foreignText({ project, installation, user, folder }: Owner): string {
  return (
    `project ${project}: expected to belong to this data folder (${dataDir()}), got installation ` +
    `${installation.slice(0, 6)} of ${user} in ${folder}; nothing was changed; fix: ${remedy(project, folder)}`
  );
}

function remedy(project: string, folder?: string): string {
  const other = folder === undefined ? "the data folder that deployed it" : folder;
  return `use ${other} (set XDG_DATA_HOME to its parent folder), or take the project over: bin/longshore recover take-over:${project}`;
}

async function createOwner(project: string, id: string, docker: DockerOutput): Promise<void> {
  const labels = {
    [PROJECT_LABEL]: project,
    [OWNER.installation]: id,
    [OWNER.folder]: dataDir(),
    [OWNER.user]: userName(),
  };
  const args = Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]);
  await docker(["volume", "create", ...args, ownerVolume(project)]);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** Whether a project has containers or volumes, other than the volume that records its owner. */
export async function hasObjects(project: string, docker: DockerOutput): Promise<boolean> {
  const filter = ["--quiet", "--filter", `label=${PROJECT_LABEL}=${project}`];
  const [containers, volumes] = await Promise.all([
    docker(["ps", "--all", ...filter]),
    docker(["volume", "ls", ...filter]),
  ]);
  return containers.trim() !== "" || dataVolumes(volumes).length > 0;
}

/**
 * Whether this data folder has ever deployed a project: checks files, recorded versions and states, which remain after
 * `down`.
 */
export function wasDeployedFromHere(project: string): boolean {
  const folder = dataDir();
  if (existsSync(projectFolder(project))) {
    return true;
  }
  // The current checkpoint, backups and history all contain the project by its id.
  const pattern = new RegExp(`"id":\\s*"${project.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}"`);
  return stateFolders(folder).some((state) =>
    filesBelow(join(state, ".pulumi")).some(
      (file) => /\.json(\.bak)?$/.test(file) && pattern.test(readFileSync(file, "utf8")),
    ),
  );
}

function stateFolders(folder: string): string[] {
  const backend = process.env["PULUMI_BACKEND_URL"];
  const other = backend?.startsWith("file:///") === true ? [fileURLToPath(backend)] : [];
  return [...new Set([join(folder, "state"), ...other])];
}

function filesBelow(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];
}
