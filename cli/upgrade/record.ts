import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";
import { replaceFile } from "../../tools/files";

/** Data of one major version. */
export interface Side {
  readonly version: string;
  /** Name of the volume in Docker. */
  readonly volume: string;
}

/** Record of an upgrade. Remains until the volume of before is deleted. */
export interface UpgradeRecord {
  readonly stack: string;
  readonly system: string;
  readonly store: string;
  /** Data of before. */
  readonly from: Side;
  /** Data after the switch. */
  readonly to: Side;
  /** `copying`: the data of before is current. `switching`: whether it is says the record in its volume. */
  readonly phase: "copying" | "switching" | "done";
  /** Whether `to` is a copy that this upgrade makes. False on the way back. */
  readonly copies: boolean;
  /** A local image, through which records in volumes are read and written. */
  readonly image: string;
  /** ISO time of the start. */
  readonly since: string;
}

const folderOf = (stack: string): string => join(dataDir(), "upgrades", stack);
const fileOf = ({ stack, system, store }: Pick<UpgradeRecord, "stack" | "system" | "store">): string =>
  join(folderOf(stack), `${system}.${store}.json`);

/** Writes a record atomically. */
export function writeUpgrade(record: UpgradeRecord): void {
  mkdirSync(folderOf(record.stack), { recursive: true, mode: 0o700 });
  replaceFile(fileOf(record), `${JSON.stringify(record)}\n`);
}

export function removeUpgrade(record: UpgradeRecord): void {
  rmSync(fileOf(record), { force: true });
}

/** Records of a stack, finished ones included. */
export function upgradesOf(stack: string): UpgradeRecord[] {
  return filesIn(folderOf(stack)).map((name) => read(join(folderOf(stack), name)));
}

export function upgradeOf(stack: string, system: string, store: string): UpgradeRecord | undefined {
  return upgradesOf(stack).find((one) => one.system === system && one.store === store);
}

function read(file: string): UpgradeRecord {
  return JSON.parse(readFileSync(file, "utf8")) as UpgradeRecord;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json") && !name.startsWith("."));
  } catch {
    return [];
  }
}

/** Unfinished upgrades of a stack. */
export function unfinishedUpgrades(stack: string): UpgradeRecord[] {
  return upgradesOf(stack).filter(({ phase }) => phase !== "done");
}
