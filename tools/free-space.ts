import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

export const KIB = 1024;
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

export interface FreeSpace {
  readonly folder: string;
  /** Bytes available to an unprivileged process. */
  readonly bytes: number;
}

/** Free space of the file system of a folder, which need not exist yet. Undefined if it cannot be determined. */
export async function freeSpace(folder: string): Promise<FreeSpace | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return { folder, bytes: bavail * bsize };
  } catch {
    // If the folder does not exist yet, its parent determines the file system.
    const parent = dirname(folder);
    return parent === folder ? undefined : freeSpace(parent);
  }
}

/** Free space that a command needs at one place. */
export interface SpaceNeed {
  /** What is stored there, and where: `Docker's data root /var/lib/docker`. */
  readonly place: string;
  /** Free bytes. @default - unknown, and then not judged */
  readonly free?: number | undefined;
  /** Bytes without which the command would fail. */
  readonly minimum: number;
  /** Purpose of these bytes: `a dump as large as the last one`. @default - none */
  readonly purpose?: string;
  /** Way to free space there, without the word `fix`. */
  readonly fix: string;
}

/** One line per place with too little free space, with both numbers and the remedy. */
export function spaceProblems(needs: readonly SpaceNeed[]): string[] {
  return needs.flatMap(({ place, free, minimum, purpose, fix }) =>
    free === undefined || free >= minimum
      ? []
      : [
          `${place}: expected at least ${formatSize(minimum)} free${purpose === undefined ? "" : ` for ${purpose}`}, ` +
            `got ${formatSize(free)}; fix: ${fix}`,
        ],
  );
}

/** Size with a binary unit: `12 MiB`, `1.5 GiB`. */
export function formatSize(bytes: number): string {
  if (bytes >= GIB) {
    return `${(bytes / GIB).toFixed(1)} GiB`;
  }
  return bytes >= MIB ? `${(bytes / MIB).toFixed(0)} MiB` : `${(bytes / KIB).toFixed(0)} KiB`;
}

const DISK_FULL = /no space left on device|disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/i;

/** Adds the remedy to an error of another program about a full disk, such as of Docker or a database. */
export function withDiskRemedy(text: string): string {
  return DISK_FULL.test(text) && !text.includes("fix:")
    ? `${text}\nfix: free disk space: \`docker system df\` shows what Docker uses, \`bin/longshore clean --cache\` ` +
        "removes unused images and the build cache; nothing was lost, run the command again afterwards"
    : text;
}
