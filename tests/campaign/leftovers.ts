import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow } from "../support/end-to-end";
import { containersOf } from "./docker-api";
import type { Subject } from "./subject";

/** Start of a violation that does not concern what runs. */
export const LEFT_BEHIND = "left behind: ";

/**
 * Kinds of files that undisturbed commands leave: paths without the parts that vary. A file of another kind is left
 * over from a killed command.
 */
export class KnownFiles {
  private readonly kinds = new Set<string>();
  private isLearning = true;

  /** Ends the time in which commands run undisturbed. */
  stopLearning(): void {
    this.isLearning = false;
  }

  violations(subject: Subject): string[] {
    if (this.isLearning) {
      filesOf(subject).forEach((file) => this.kinds.add(kindOf(file)));
    }
    const unknown = filesOf(subject).filter((file) => !this.kinds.has(kindOf(file)));
    // Reported once: the file stays, and the next round is not its cause.
    unknown.forEach((file) => this.kinds.add(kindOf(file)));
    return unknown.map((file) => `${LEFT_BEHIND}${file}`);
  }
}

/** Files that commands of the subject write, relative to its folder. Not the checkout, and not caches. */
function filesOf({ checkout, dumps, temporary }: Subject): string[] {
  return [checkout.data, dumps, temporary]
    .flatMap((folder) => (existsSync(folder) ? filesBelow(folder) : []))
    .map((file) => relative(checkout.folder, file))
    .filter((file) => !/\/(tsx-\d+|node-compile-cache)\//.test(file));
}

const kindOf = (path: string): string => path.replace(/[0-9a-f]{6,}/g, "#").replace(/\d+/g, "#");

/** Releases that no container mounts, and dumps that are not whole. */
export async function brokenFiles(subject: Subject, project: string): Promise<string[]> {
  const releases = join(subject.checkout.data, "projects", project, "releases");
  const kept = existsSync(releases) ? readdirSync(releases) : [];
  const mounted = (await containersOf(project)).flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source));
  const unused = kept.filter((name) => !mounted.some((path) => path.startsWith(join(releases, name, "/"))));
  return [
    // The newest release may mount nothing yet, when no service of it has files.
    ...(unused.length > 1 ? [`releases that no container mounts: ${unused.join(", ")}`] : []),
    ...dumpProblems(existsSync(subject.dumps) ? filesBelow(subject.dumps) : []),
  ];
}

function dumpProblems(files: readonly string[]): string[] {
  const checksums = files.filter((file) => file.endsWith(".sha256"));
  return [
    ...checksums.flatMap((file) => {
      const dump = file.replace(/\.sha256$/, "");
      if (!existsSync(dump)) {
        return [`a checksum without its dump: ${file}`];
      }
      const sum = createHash("sha256").update(readFileSync(dump)).digest("hex");
      return readFileSync(file, "utf8").startsWith(sum)
        ? []
        : [`a dump that differs from its checksum: ${dump}`];
    }),
    ...files
      .filter((file) => /\.(dump|rdb)(\.age)?$/.test(file) && !checksums.includes(`${file}.sha256`))
      .map((file) => `a dump without its checksum: ${file}`),
  ];
}
