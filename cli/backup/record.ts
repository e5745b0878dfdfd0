import { access, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";

/** The last complete dump of a datastore, in any folder. */
export interface BackupRecord {
  readonly system: string;
  readonly store: string;
  /** Path of the dump. */
  readonly file: string;
  /** ISO time at which the dump was complete. */
  readonly at: string;
}

const folderOf = (stack: string): string => join(dataDir(), "backup-records", stack);

export async function recordBackup(stack: string, record: BackupRecord): Promise<void> {
  const folder = folderOf(stack);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${record.system}.${record.store}.json`);
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Last dumps of a stack, by datastore. Ignores unreadable records and dumps whose file is gone. */
export async function backupRecords(stack: string): Promise<BackupRecord[]> {
  const folder = folderOf(stack);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  const records = await Promise.all(
    files.map(async (name) => {
      try {
        const record = JSON.parse(await readFile(join(folder, name), "utf8")) as BackupRecord;
        await access(record.file);
        return [record];
      } catch {
        return [];
      }
    }),
  );
  return records.flat();
}
