import { mountedPaths } from "./digests";
import { projectInputs } from "./inputs";
import { jobsToRerun } from "./rerun";
import type { Diff } from "./server";
import { isRecord, unwrap, type Properties } from "./values";

/** Inputs whose change alone causes no update. */
const PASSIVE = new Set(["bake", "buildArgs", "waitSeconds", "portSettings", "generations"]);

/**
 * Changes that an update would make, by property path: added and removed services, changed values, changed files, and
 * drifted services. Ignores build sections, because an image's tag identifies its sources.
 */
export function diffProject(old: { inputs: Properties; outputs: Properties }, news: Properties): Diff {
  const before = unwrap(old.inputs) as Properties;
  const after = unwrap(news) as Properties;
  const changes: Diff["changes"] = {};
  if (before.project !== after.project) {
    return { changes: { project: { kind: "replace" } } };
  }
  for (const key of Object.keys({ ...before, ...after })) {
    if (!PASSIVE.has(key) && key !== "services" && key !== "project") {
      compare(key, before[key], after[key], changes);
    }
  }
  // The remainder of an unfinished deployment is not drift, and the next deployment examines every service anyway.
  const found: Diff["changes"] =
    old.outputs.unfinished === undefined
      ? drift(old.outputs, after)
      : { unfinished: { kind: "delete", drift: true } };
  return { changes: { ...changes, ...found, ...reruns(after) } };
}

function reruns(after: Properties): Diff["changes"] {
  const { document } = projectInputs(after);
  const jobs = isRecord(document) ? jobsToRerun(document) : [];
  return Object.fromEntries(jobs.map((name) => [child("rerun", name), { kind: "add" as const }]));
}

/** Services that the last refresh found in an unwanted state. */
function drift(outputs: Properties, after: Properties): Diff["changes"] {
  const seen = isRecord(outputs.services) ? (unwrap(outputs.services) as Properties) : {};
  const wanted = isRecord(after.services) ? after.services : {};
  const paths = Object.keys(wanted).filter((name) => {
    const is = seen[name];
    const want = wanted[name];
    return isRecord(is) && isRecord(want) && is.state !== want.state;
  });
  return Object.fromEntries(
    paths.map((name) => [`${child("services", name)}.state`, { kind: "update", drift: true }]),
  );
}

function compare(path: string, before: unknown, after: unknown, changes: Diff["changes"]): void {
  if (/^document\.services(\.[^.[\]]+|\["[^"]+"\])\.build$/.test(path) || isEqual(before, after)) {
    return;
  }
  if (before === undefined || after === undefined) {
    changes[path] = { kind: before === undefined ? "add" : "delete" };
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of Object.keys({ ...before, ...after })) {
      compare(child(path, key), before[key], after[key], changes);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    after.forEach((item, index) => {
      compare(`${path}[${index}]`, before[index], item, changes);
    });
  } else {
    changes[path] = { kind: "update" };
  }
}

/** Appends a key to a property path in Pulumi's notation. */
function child(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
    ? `${path}.${key}`
    : `${path}["${key.replace(/[\\"]/g, "\\$&")}"]`;
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && isEqual(a[key], b[key]));
  }
  return a === b;
}

/** Names of the services that a diff affects, for the log of an update. */
export function changedServices(before: Properties, after: Properties): string[] {
  const old = servicesWithFiles(before);
  const now = servicesWithFiles(after);
  const sign = (name: string) => (!(name in old) ? "+" : !(name in now) ? "-" : "~");
  return Object.keys({ ...old, ...now })
    .filter((name) => !isEqual(old[name], now[name]))
    .sort()
    .map((name) => `${sign(name)} ${name}`);
}

/** Adds to each service the contents of its mounted files, and removes its build section. */
function servicesWithFiles(properties: Properties): Properties {
  const inputs = projectInputs(properties);
  if (!isRecord(inputs.document)) {
    return {};
  }
  const { document, files, secretFiles } = inputs;
  return Object.fromEntries(
    Object.entries(document.services).map(([name, { build: _, ...service }]) => [
      name,
      [service, mountedPaths(service, document).map((path) => secretFiles[path] ?? files[path])],
    ]),
  );
}
