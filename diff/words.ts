import { LISTED } from "./policy-rules";
import type { PropertyDifference, ResourceDifference, StackDifference } from "./types";

const SIGNS = { create: "+", update: "~", replace: "!", delete: "-" } as const;

/** `Deployment` of `apps/v1/Deployment`, `DatabaseInstance` of `gcp:sql/databaseInstance:DatabaseInstance` */
export function kindOf({ type }: Pick<ResourceDifference, "type">): string {
  return type.split(/[/:]/).at(-1) ?? type;
}

/** The verb of an operation. A Job is immutable: its replacement runs again. */
export function verbOf({ operation, type }: Pick<ResourceDifference, "operation" | "type">): string {
  return operation === "replace" && type === "batch/v1/Job" ? "run again" : operation;
}

export function signOf(difference: Pick<ResourceDifference, "operation" | "type">): string {
  return verbOf(difference) === "run again" ? SIGNS.update : SIGNS[difference.operation];
}

/** `prod: 3 changes, 1 dangerous` */
export function headline({ stack, differences }: StackDifference): string {
  const dangerous = differences.filter(({ dangers }) => dangers.length > 0).length;
  if (differences.length === 0) {
    return `${stack}: no changes`;
  }
  const changes = `${differences.length} change${differences.length === 1 ? "" : "s"}`;
  return `${stack}: ${changes}${dangerous > 0 ? `, ${dangerous} dangerous` : ""}`;
}

/** A property difference as text; images are identified by the hash of their source. */
export function describeProperties({ type, properties }: ResourceDifference): string[] {
  return properties.map((one) => {
    const isSize = type === "compose/volume" && one.path.includes("longshore.size");
    const words = describeProperty(type === "batch/v1/Job" ? { ...one, replaces: false } : one);
    return isSize ? `${words} (a label: Docker does not limit the size of a volume)` : words;
  });
}

function describeProperty({ path, kind, before, after, replaces }: PropertyDifference): string {
  const place = shortPath(path);
  const forced = replaces ? " (needs a new one)" : "";
  const builds = [before, after].map(buildOf);
  if (builds[0] !== undefined && builds[1] !== undefined) {
    return `${place}: new build of ${builds[1]} (was ${builds[0]})${forced}`;
  }
  if ((after ?? before) === LISTED) {
    return `${place} is ${kind === "add" ? "new" : "gone"}${forced}`;
  }
  switch (kind) {
    case "add":
      return `${place}: ${show(after)} is new${forced}`;
    case "remove":
      return `${place}: ${show(before)} is gone${forced}`;
    case "change":
      return `${place}: ${show(before)} → ${show(after)}${forced}`;
  }
}

/** The source hash in an image's tag. */
function buildOf(value: unknown): string | undefined {
  return typeof value === "string" ? /:src-([0-9a-f]{7})[0-9a-f]*$/.exec(value)?.[1] : undefined;
}

/** The path without the part that all pods share. */
function shortPath(path: string): string {
  return path.replace(/^spec\.(jobTemplate\.spec\.)?template\.(spec\.)?/, "").replace(/^spec\./, "");
}

const LONGEST = 60;

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // The first digits of a digest are enough to tell digests apart.
  const line = text.replace(/\s+/g, " ").replace(/@sha256:([0-9a-f]{7})[0-9a-f]{57}/g, "@$1");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
