import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";
import type { Container } from "../compose/docker";

/** What the containers of a system ran at the end of a deployment that succeeded. */
export interface Version {
  /** ISO time of the deployment. */
  readonly at: string;
  /** Reference of the image by service. */
  readonly services: Images;
  /** The same for jobs. They only go forward: an older migration does not know the schema. */
  readonly jobs: Images;
}

type Images = Readonly<Record<string, string>>;

/** Versions by system, the newest last. */
export type Versions = Readonly<Record<string, readonly Version[]>>;

/** How many are remembered, the running one among them. */
const KEPT = 10;

/** What is remembered of a stack on this machine; images are kept by the engine, and may be gone. */
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

/** What runs now, or ran as a job, by system. */
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

/** Adds what runs now as the newest version of each system whose services have other images than before. */
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

/** The images to go back to: those of the services before the last, and of the jobs as they are. */
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
