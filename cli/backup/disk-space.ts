import { stat } from "node:fs/promises";
import { join } from "node:path";
import { volumeSpace } from "../compose/disk-space";
import type { Engine } from "../compose/docker";
import { Failure } from "../support/failure";
import { freeSpace, MIB, spaceProblems } from "../../tools/free-space";
import { dumpsIn } from "./archive";
import { nameOf, type Store } from "./job";

/** Space for a first dump, whose size is unknown. */
const FIRST_DUMP = MIB;
/** A dump is compressed: its data takes at least this many times its size, beside the data that it replaces. */
const RESTORED_FACTOR = 2;

/**
 * Requires free space for a dump as large as the last one, before the datastore is dumped.
 * @throws Failure with the free bytes, the bytes needed and the remedy
 */
export async function requireDumpSpace(folder: string, name: string): Promise<void> {
  const last = (await dumpsIn(folder, name)).at(-1);
  const size = last === undefined ? undefined : (await stat(join(folder, last.file))).size;
  const problems = spaceProblems([
    {
      place: folder,
      free: (await freeSpace(folder))?.bytes,
      minimum: Math.max(size ?? 0, FIRST_DUMP),
      purpose: size === undefined ? "a dump" : "a dump as large as the last one",
      fix: "free space there, keep fewer dumps (--keep), or choose another folder (--to)",
    },
  ]);
  if (problems.length > 0) {
    throw new Failure(`${problems.join("\n")}\nearlier dumps are unchanged`);
  }
}

/**
 * Requires free space in the datastore's volume, where a restore prepares the data beside the current data.
 * @throws Failure with the free bytes, the bytes needed and the remedy
 */
export async function requireRestoreSpace(engine: Engine, store: Store, dump: string): Promise<void> {
  const { size } = await stat(dump);
  const problems = spaceProblems([
    {
      place: `volume of ${nameOf(store)}`,
      free: await volumeSpace(engine, store.container.id),
      minimum: Math.max(size * RESTORED_FACTOR, FIRST_DUMP),
      purpose: "the restored data beside the current data",
      fix: "extend its disk, or free space there; the current data is unchanged",
    },
  ]);
  if (problems.length > 0) {
    throw new Failure(problems.join("\n"));
  }
}
