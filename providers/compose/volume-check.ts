import type { ProjectInputs } from "./inputs";
import { isRecord } from "./values";

// Which data a volume holds, and whether a datastore of another version may start on it. Pure.

/** Data in a volume. */
export interface HeldData {
  /** `postgres`, `redis`, `kafka` or `neo4j`. */
  readonly kind: string;
  readonly version: string;
  /** Whether an upgrade has not finished copying into the volume. @default false */
  readonly isIncomplete?: boolean;
  /** Name of the volume that replaced this one in an upgrade. @default - none: the data is current */
  readonly replacedBy?: string;
}

/** A volume that the document describes, and the data that its datastore writes. */
export interface WantedData extends Pick<HeldData, "kind" | "version"> {
  readonly system: string;
  readonly service: string;
  /** Name of the volume in Docker. */
  readonly volume: string;
}

const DATA_LABEL = "longshore.data";
const WORKLOAD_LABEL = "longshore.workload";

/** Volumes of datastores in a document. Their labels name the datastore and the data. */
export function wantedData({ project, document }: Pick<ProjectInputs, "project" | "document">): WantedData[] {
  return Object.entries(document.volumes ?? {}).flatMap(([key, definition]): WantedData[] => {
    const labels = definition?.labels;
    const { [DATA_LABEL]: data, [WORKLOAD_LABEL]: service } = isRecord(labels) ? labels : {};
    const [, kind, version] = typeof data === "string" ? (/^(\S+) (\S+)$/.exec(data) ?? []) : [];
    if (kind === undefined || version === undefined || typeof service !== "string") {
      return [];
    }
    const system = document.services[service]?.labels?.["longshore.system"] ?? project;
    return [{ system, service, volume: definition?.name ?? `${project}_${key}`, kind, version }];
  });
}

/** Filters the volumes that hold data of the same datastore as a wanted volume: each major of PostgreSQL has its own. */
export function volumesOf(
  { volume, kind }: Pick<WantedData, "volume" | "kind">,
  all: readonly string[],
): string[] {
  const base = volume.replace(/-\d+$/, "");
  return all.filter(
    (name) =>
      name === volume ||
      (kind === "postgres" && name.startsWith(base) && /^(-\d+)?$/.test(name.slice(base.length))),
  );
}

/**
 * Reports why a datastore must not start on its volume.
 * @param held data by volume; volumes without data are absent
 * @returns undefined if it may start
 */
export function dataProblem(wanted: WantedData, held: ReadonlyMap<string, HeldData>): string | undefined {
  const own = held.get(wanted.volume);
  if (wanted.kind === "postgres") {
    return postgresProblem(wanted, own, held);
  }
  return own === undefined ? undefined : inPlaceProblem(wanted, own);
}

/** PostgreSQL starts only on data of its own major version. */
function postgresProblem(
  wanted: WantedData,
  own: HeldData | undefined,
  held: ReadonlyMap<string, HeldData>,
): string | undefined {
  const store = `${wanted.system}/${wanted.service}`;
  const path = `${wanted.system}.${wanted.service}.version`;
  if (own?.isIncomplete === true) {
    return (
      `${path}: expected complete data in volume ${wanted.volume}, got the copy of an upgrade that was interrupted; ` +
      "fix: bin/longshore recover"
    );
  }
  if (own?.replacedBy !== undefined) {
    const version = held.get(own.replacedBy)?.version;
    return (
      `${path}: expected ${version ?? "the version"} of the current data in volume ${own.replacedBy}, got ${wanted.version}, ` +
      `whose volume ${wanted.volume} has the data from before an upgrade; fix: bin/longshore upgrade ${store} --back`
    );
  }
  const [name, data] = own === undefined ? (current(wanted, held) ?? []) : ([wanted.volume, own] as const);
  if (name === undefined || data === undefined || data.version === wanted.version) {
    return undefined;
  }
  const isNewer = compareVersions(wanted.version, data.version) > 0;
  const fix = isNewer
    ? `bin/longshore upgrade ${store} --to ${wanted.version}`
    : `describe version ${data.version}; PostgreSQL has no way to an older major version but a dump in SQL`;
  return (
    `${path}: expected ${data.version}, because volume ${name} holds PostgreSQL ${data.version} data, ` +
    `got ${wanted.version}; fix: ${fix}`
  );
}

/** Data of another major version that is current, or from before an upgrade whose volume is gone. */
function current(wanted: WantedData, held: ReadonlyMap<string, HeldData>): [string, HeldData] | undefined {
  const others = volumesOf(wanted, [...held.keys()])
    .flatMap((name): [string, HeldData][] => {
      const data = held.get(name);
      return data === undefined || data.isIncomplete === true || name === wanted.volume ? [] : [[name, data]];
    })
    .sort(([, a], [, b]) => compareVersions(b.version, a.version));
  return others.find(([, { replacedBy }]) => replacedBy === undefined) ?? others[0];
}

/** Redis, Kafka and Neo4j read data of older versions and write it in their own format. */
function inPlaceProblem(wanted: WantedData, own: HeldData): string | undefined {
  const path = `${wanted.system}.${wanted.service}.version`;
  const name = NAMES[wanted.kind] ?? wanted.kind;
  const holds = `because volume ${wanted.volume} holds data of ${name} ${own.version}`;
  if (compareVersions(wanted.version, own.version) < 0) {
    return (
      `${path}: expected ${own.version} or newer, ${holds}, got ${wanted.version}; ` +
      `fix: use the revision of Longshore that offers ${name} ${own.version}`
    );
  }
  const isMajor = majorOf(wanted.version) !== majorOf(own.version);
  return wanted.kind === "neo4j" && isMajor
    ? `${path}: expected ${own.version}, ${holds}, got ${wanted.version}; fix: bin/longshore backup ` +
        `${wanted.system}/${wanted.service}, then migrate the store with neo4j-admin database migrate`
    : undefined;
}

const NAMES: Readonly<Record<string, string>> = { redis: "Redis", kafka: "Kafka", neo4j: "Neo4j" };

function majorOf(version: string): string {
  return version.split(".")[0] ?? version;
}

/** Compares versions of numbers with dots. Negative if the first is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const length = Math.max(left?.length ?? 0, right?.length ?? 0);
  for (let index = 0; index < length; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
