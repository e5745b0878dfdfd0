import { sourceFolders } from "../../catalog/build-graph";
import type { Plan } from "../../catalog/plan/types";
import type { BuildSource } from "../../catalog/types";
import { contextHash } from "./context-hash";
import { sourceHistory, type SourceRevision } from "./source-revision";

/** What an image is built from. */
export interface SourceDescription extends Partial<SourceRevision> {
  /** Hexadecimal hash of all that goes into the image. */
  readonly hash: string;
}

/** @param plan has the images that the source is built upon */
export type DescribeSource = (source: BuildSource, plan: Pick<Plan, "images">) => SourceDescription;
/** Only the hash, which needs no history. */
export type HashSource = (source: BuildSource, plan: Pick<Plan, "images">) => string;

/** Reads the repository's files. */
export function hashesIn(root: string): HashSource {
  return remembered((source, { images }) => contextHash(root, source, images));
}

/** Reads the repository's files and history. */
export function sourcesIn(root: string, hashOf = hashesIn(root)): DescribeSource {
  const revisionOf = sourceHistory(root);
  return remembered((source, plan) => ({
    hash: hashOf(source, plan),
    ...revisionOf(sourceFolders(source, plan.images)),
  }));
}

/** Several workloads share an image: its files are read once. */
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
