import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { yamlText } from "../../yaml/write";
import { dataDir } from "../../tools/paths";
import type { Container } from "./containers";
import { withDigests } from "./digests";
import type { ProjectInputs } from "./inputs";
import { writeSecrets } from "./secrets";

/** Private files of the projects of this user. */
export function projectFolder(project: string): string {
  return join(dataDir(), "projects", project);
}

/** What containers mount, as one deployment wrote it. Never changed afterwards; old ones stay while they are in use. */
export interface Release {
  readonly name: string;
  readonly folder: string;
  /** The Compose document. */
  readonly file: string;
}

/** A release that is being written: complete but for the secrets. */
export interface DraftRelease {
  readonly file: string;
  /** Adds the secrets and gives the folder its name. */
  finish(image: string | undefined): Promise<Release>;
  discard(): void;
}

/** Starts to write the files of a release. The same inputs give the same release. */
export function draftRelease(inputs: ProjectInputs): DraftRelease {
  const releases = join(projectFolder(inputs.project), "releases");
  mkdirSync(releases, { recursive: true, mode: 0o700 });
  const name = releaseName(inputs);
  const folder = join(releases, name);
  const draft = join(releases, `.${name}.${process.pid}`);
  const discard = () => {
    rmSync(draft, { recursive: true, force: true });
  };
  discard();
  mkdirSync(draft, { mode: 0o700 });
  const text = yamlText(withDigests(inputs, projectKey(inputs.project)));
  writeFileSync(join(draft, "compose.yaml"), text, { mode: 0o600 });
  for (const [path, content] of Object.entries(inputs.files)) {
    const target = join(draft, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    // Containers read these as their own users; the folders above keep others on this machine out.
    writeFileSync(target, content, { mode: 0o444 });
  }
  return {
    file: join(draft, "compose.yaml"),
    discard,
    async finish(image) {
      if (existsSync(folder)) {
        discard();
      } else {
        await writeSecrets(draft, inputs.secretFiles, image);
        renameSync(draft, folder);
      }
      return { name, folder, file: join(folder, "compose.yaml") };
    },
  };
}

/** Keyed: the name can be read in every container's mounts, and short secrets could be guessed from a plain digest. */
function releaseName({ project, document, files, secretFiles }: ProjectInputs): string {
  const content = JSON.stringify([document, files, secretFiles]);
  return createHmac("sha256", projectKey(project)).update(content).digest("hex").slice(0, 16);
}

function projectKey(project: string): Buffer {
  const file = join(projectFolder(project), "release.key");
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(32), { mode: 0o600 });
  }
  return readFileSync(file);
}

/** Removes releases (and drafts of interrupted runs) that no container mounts. */
export function removeOldReleases(project: string, current: Release, containers: readonly Container[]): void {
  const releases = dirname(current.folder);
  for (const name of readdirSync(releases)) {
    const folder = join(releases, name);
    const used = containers.some(({ mounts }) => mounts.some((mount) => mount.includes(`${folder}/`)));
    if (name !== current.name && !used) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Removes all files of a project, its secrets among them. */
export function removeProjectFiles(project: string): void {
  rmSync(projectFolder(project), { recursive: true, force: true });
}
