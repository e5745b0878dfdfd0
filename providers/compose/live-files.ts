import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Container } from "./containers";
import { canWriteLive, mountedPaths } from "./digests";
import type { ProjectInputs } from "./inputs";

/**
 * Updates the live secret files of a container in any state; a stopped one would otherwise load a revoked password at
 * its next start. Writes into the existing file, because a bind-mounted file does not follow a replacement.
 */
export function writeLiveFiles(
  { document, secretFiles }: ProjectInputs,
  release: { readonly folder: string },
  { service, mounts }: Pick<Container, "service" | "mounts">,
): { readonly hasLiveFiles: boolean; readonly isChanged: boolean } {
  const definition = document.services[service];
  const live = definition ? mountedPaths(definition, document).filter((path) => secretFiles[path]?.live) : [];
  if (live.length === 0 || !canWriteLive()) {
    return { hasLiveFiles: false, isChanged: false };
  }
  const releases = release.folder.slice(0, release.folder.lastIndexOf("/") + 1);
  const written = live.filter((path) => {
    const file = mounts.find((mount) => mount.startsWith(releases) && mount.endsWith(`/${path}`));
    return file !== undefined && writeInto(file, secretFiles[path]?.content ?? "");
  });
  return { hasLiveFiles: true, isChanged: written.length > 0 };
}

/** Overwrites a file in place if its content differs. @returns whether it was written */
export function writeInto(file: string, content: string): boolean {
  if (!existsSync(file) || readFileSync(file, "utf8") === content) {
    return false;
  }
  const bytes = Buffer.from(content);
  const opened = openSync(file, "r+");
  try {
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(opened, bytes, written, bytes.length - written, written);
    }
    ftruncateSync(opened, bytes.length);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  return true;
}
