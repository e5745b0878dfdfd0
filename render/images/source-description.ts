import { lstatSync } from "node:fs";
import { join } from "node:path";
import { sourceFolders } from "../../catalog/build-graph";
import type { Plan } from "../../catalog/plan/types";
import type { BuildSource } from "../../catalog/types";
import { throwProblems, type Problem } from "../../base/problems";
import { contextFiles, contextHash } from "./context-hash";
import { sourceHistory, type SourceRevision } from "./source-revision";

/** The sources of an image. */
export interface SourceDescription extends Partial<SourceRevision> {
  /** Hexadecimal hash of everything that goes into the image. */
  readonly hash: string;
}

/**
 * Describes the sources of an image.
 * @param plan contains the base images of the source
 */
export type DescribeSource = (source: BuildSource, plan: Pick<Plan, "images">) => SourceDescription;
/** Returns only the hash, which does not require the git history. */
export type HashSource = (source: BuildSource, plan: Pick<Plan, "images">) => string;

/** Returns a function that hashes sources from the repository's files. */
export function hashesIn(root: string): HashSource {
  return remembered((source, { images }) => contextHash(root, source, images));
}

/**
 * Returns a function that describes sources from the repository's files and history, for a build.
 * @throws ProblemsError with files that the user of an image could not read
 */
export function sourcesIn(root: string, hashOf = hashesIn(root)): DescribeSource {
  const revisionOf = sourceHistory(root);
  const closedFiles = closedFilesIn(root);
  return remembered((source, plan) => {
    const hash = hashOf(source, plan);
    const folders = sourceFolders(source, plan.images);
    throwProblems("image", folders.flatMap(closedFiles));
    return { hash, ...revisionOf(folders) };
  });
}

const READ_BY_ALL = 0o004;

/**
 * Reports files that are not world-readable. Modes are part of an image but not of its hash, so a checkout with another
 * umask has the same tag. Each folder is checked once.
 */
function closedFilesIn(root: string): (folder: string) => readonly Problem[] {
  const known = new Map<string, readonly Problem[]>();
  return (folder) => {
    const problems = known.get(folder) ?? closedFilesOf(root, folder);
    known.set(folder, problems);
    return problems;
  };
}

function closedFilesOf(root: string, folder: string): Problem[] {
  const [first, ...others] = contextFiles(join(root, folder), "Dockerfile").filter(
    (path) => (lstatSync(join(root, folder, path)).mode & READ_BY_ALL) === 0,
  );
  return first === undefined
    ? []
    : [
        {
          path: folder,
          message: `expected files that everybody may read, as the user of an image has to, got ${others.length + 1} that some may not, such as ${first}`,
          fix: `run: chmod -R go+rX ${folder}; a checkout under umask 022 is like that`,
        },
      ];
}

/** Caches descriptions, because several workloads may share an image. */
export function remembered<T>(
  describe: (source: BuildSource, plan: Pick<Plan, "images">) => T,
): (source: BuildSource, plan: Pick<Plan, "images">) => T {
  const known = new Map<BuildSource, T>();
  return (source, plan) => {
    const description = known.get(source) ?? describe(source, plan);
    known.set(source, description);
    return description;
  };
}
