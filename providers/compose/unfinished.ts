import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../tools/files";
import type { Container } from "./containers";
import { makePrivateFolder } from "./durable-files";
import { pendingStops } from "./pending-stops";
import { projectFolder } from "./project-folder";

// Stored in a file, because the engine's state is not updated when a deployment is killed.
const fileOf = (project: string): string => join(projectFolder(project), "unfinished");

/** How the last deployment ended, such as `a failed deployment: …`. `undefined`: it completed. */
export function readUnfinished(project: string): string | undefined {
  const file = fileOf(project);
  if (existsSync(file)) {
    return readFileSync(file, "utf8");
  }
  // Left by a killed `restart`.
  return pendingStops(project).size > 0 ? "an interrupted stop" : undefined;
}

export function noteUnfinished(project: string, how: string): void {
  makePrivateFolder(projectFolder(project));
  replaceFile(fileOf(project), how);
}

export function noteFinished(project: string): void {
  rmSync(fileOf(project), { force: true });
}

/** Description such as `api still runs its previous version`; empty if no container of an earlier deployment runs. */
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
