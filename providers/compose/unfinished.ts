import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "./containers";
import { projectFolder } from "./release";

// A file, because the engine's state learns nothing from a deployment that was killed.
const fileOf = (project: string): string => join(projectFolder(project), "unfinished");

/** How the last deployment ended, such as `a failed deployment: …`. `undefined`: it reached its end. */
export function readUnfinished(project: string): string | undefined {
  const file = fileOf(project);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

export function noteUnfinished(project: string, how: string): void {
  mkdirSync(projectFolder(project), { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(project), how, { mode: 0o600 });
}

export function noteFinished(project: string): void {
  rmSync(fileOf(project), { force: true });
}

/** `api still runs its previous version`; empty when nothing runs of an earlier deployment. */
export function stillRunning(
  containers: readonly Container[],
  isCurrent: (container: Container) => boolean,
): string {
  const old = containers.filter((one) => one.state === "running" && !isCurrent(one));
  const names = [...new Set(old.map(({ service }) => service))].sort();
  const last = names.pop();
  if (last === undefined) {
    return "";
  }
  return names.length === 0
    ? `${last} still runs its previous version`
    : `${names.join(", ")} and ${last} still run their previous versions`;
}
