import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";
import { containersOf, type Container } from "../compose/docker";
import { environmentWith } from "../support/tools";
import type { OpenStack } from "./stack";

/** Images of a system at the end of a successful deployment. */
export interface Version {
  /** ISO time of the deployment. */
  readonly at: string;
  /** Image reference by service. */
  readonly services: Images;
  /** Image reference by job. Jobs are never rolled back: an older migration does not know the schema. */
  readonly jobs: Images;
}

type Images = Readonly<Record<string, string>>;

/** Versions by system, newest last. */
export type Versions = Readonly<Record<string, readonly Version[]>>;

/** Number of recorded versions, including the running one. */
const KEPT = 10;

/** Reads the recorded versions of a stack on this machine. Docker stores the images; they may have been removed. */
export function readVersions(stack: string, folder = dataDir()): Versions {
  const file = fileOf(stack, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Versions) : {};
}

export function writeVersions(stack: string, versions: Versions, folder = dataDir()): void {
  mkdirSync(join(folder, "versions"), { recursive: true, mode: 0o700 });
  const file = fileOf(stack, folder);
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(versions, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Images of running services and of completed jobs, by system. */
export function runningVersions(
  containers: readonly Pick<Container, "system" | "service" | "kind" | "state" | "image">[],
  at: string,
): Record<string, Version> {
  const systems = [...new Set(containers.map(({ system }) => system))];
  const images = (system: string, wanted: "service" | "job"): Images =>
    Object.fromEntries(
      containers
        .filter((one) => one.system === system && one.kind === wanted)
        .filter(({ kind, state }) => kind === "job" || state === "running")
        .map(({ service, image }) => [service, image]),
    );
  return Object.fromEntries(
    systems.map((system) => [
      system,
      { at, services: images(system, "service"), jobs: images(system, "job") },
    ]),
  );
}

/** Appends the running version of each system whose services changed images. */
export function withRunning(versions: Versions, running: Readonly<Record<string, Version>>): Versions {
  const added = Object.entries(running).map(([system, version]) => {
    const before = versions[system] ?? [];
    const last = before.at(-1);
    const isSame = last !== undefined && isEqual(last.services, version.services);
    const rest = isSame ? before.slice(0, -1) : before;
    return [system, [...rest, isSame ? { ...version, at: last.at } : version].slice(-KEPT)] as const;
  });
  return { ...versions, ...Object.fromEntries(added) };
}

/** Images to roll back to: those of the previous version for services, the current ones for jobs. */
export function imagesBefore(versions: readonly Version[]): { since: string; images: Images } | undefined {
  const [previous, current] = versions.slice(-2);
  return previous && current
    ? { since: previous.at, images: { ...previous.services, ...current.jobs } }
    : undefined;
}

function isEqual(one: Images, other: Images): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function fileOf(stack: string, folder: string): string {
  return join(folder, "versions", `${stack}.json`);
}

/** Records the running versions after an `up`, for the next rollback. */
export async function recordVersions(opened: OpenStack): Promise<void> {
  const containers = await containersOf({ env: environmentWith(opened.env) }, opened.stack);
  const running = runningVersions(containers, new Date().toISOString());
  writeVersions(opened.stack, withRunning(readVersions(opened.stack), running));
}
