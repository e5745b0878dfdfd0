import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";

/** Record of a started restore whose end was not observed. `up` and `recover` complete it or roll it back. */
export interface UnfinishedRestore {
  readonly stack: string;
  readonly system: string;
  readonly store: string;
  /** Identifies the data that the restore prepares. */
  readonly id: string;
  /** File name of the dump. */
  readonly file: string;
}

const folderOf = (stack: string): string => join(dataDir(), "restores", stack);
const fileOf = ({ stack, system, store }: UnfinishedRestore): string =>
  join(folderOf(stack), `${system}.${store}.json`);

/** Records a restore before it changes anything. */
export async function beginRestore(restore: UnfinishedRestore): Promise<void> {
  await mkdir(folderOf(restore.stack), { recursive: true, mode: 0o700 });
  const handle = await open(fileOf(restore), "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify(restore));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function endRestore(restore: UnfinishedRestore): Promise<void> {
  await rm(fileOf(restore), { force: true });
}

/** Interrupted restores of a stack. A record that a full disk truncated still names its datastore. */
export async function unfinishedRestores(stack: string): Promise<UnfinishedRestore[]> {
  const files = await readdir(folderOf(stack)).catch(() => []);
  return Promise.all(
    files.map(async (name): Promise<UnfinishedRestore> => {
      const [system = "", store = ""] = name.replace(/\.json$/, "").split(".");
      const said = await readFile(join(folderOf(stack), name), "utf8").catch(() => "");
      return { id: "", file: "", ...parse(said), stack, system, store };
    }),
  );
}

function parse(text: string): Partial<UnfinishedRestore> {
  try {
    return JSON.parse(text) as Partial<UnfinishedRestore>;
  } catch {
    return {};
  }
}
