import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { inspectContainers, type Container } from "./containers";
import { mountedPaths } from "./digests";
import { docker } from "./docker";
import type { ProjectRunner } from "./project-runner";

const RELOAD_LABEL = "longshore.reload";

/** Only root may write into another user's file. For others a container with a new live file is replaced like any other. */
export function canWriteLive(isRoot: boolean = process.getuid?.() === 0): boolean {
  return isRoot;
}

/**
 * Brings the live secret files of a service's running containers up to date. They mount the files of the deployment
 * that made them, each by itself: the content is written into the same file, because another one in its place would
 * not be seen. Then the service is told, where it wants to be.
 */
export async function refreshLiveFiles(run: ProjectRunner, service: string): Promise<void> {
  const { document, secretFiles } = run.inputs;
  const definition = document.services[service];
  const live = definition ? mountedPaths(definition, document).filter((path) => secretFiles[path]?.live) : [];
  if (live.length === 0 || !canWriteLive()) {
    return;
  }
  const signal = definition?.labels?.[RELOAD_LABEL];
  for (const container of await run.containers(service)) {
    const written = live.filter((path) => writeInto(run, container, path));
    // After an unfinished deployment nobody knows whether it was told.
    const isUnsure = run.runsAgain(service);
    if (signal !== undefined && container.state === "running" && (written.length > 0 || isUnsure)) {
      run.log.status(`${service}: reading its files again`);
      await docker(["kill", "--signal", signal, container.id]);
      await stayUp(container);
    }
  }
}

/** Whether the file had another content. */
function writeInto({ release, inputs }: ProjectRunner, { mounts }: Container, path: string): boolean {
  const releases = release.folder.slice(0, release.folder.lastIndexOf("/") + 1);
  const file = mounts.find((mount) => mount.startsWith(releases) && mount.endsWith(`/${path}`));
  const content = inputs.secretFiles[path]?.content ?? "";
  if (file === undefined || readFileSync(file, "utf8") === content) {
    return false;
  }
  const bytes = Buffer.from(content);
  const opened = openSync(file, "r+");
  try {
    writeSync(opened, bytes, 0, bytes.length, 0);
    ftruncateSync(opened, bytes.length);
  } finally {
    closeSync(opened);
  }
  return true;
}

async function stayUp({ id, service }: Container): Promise<void> {
  const [now] = await inspectContainers([id]);
  if (now?.state !== "running") {
    throw new Error(`${service} ended when it was told to read its files again`);
  }
}
