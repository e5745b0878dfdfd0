import { createHmac } from "node:crypto";
import type { Document, DocumentService, ProjectInputs } from "./inputs";
import { isRecord } from "./values";

export const DIGEST_LABEL = "longshore.mounted";

/**
 * Whether live files can be written in place. Only root can write to files of other users; without root, a container
 * with a changed live file is replaced.
 */
export function canWriteLive(isRoot: boolean = process.getuid?.() === 0): boolean {
  return isRoot;
}

/**
 * Adds to each service a label with a digest of its mounted configuration and secret files. Compose does not compare
 * file contents, so without the label a changed secret would restart no container. The digest is keyed, because any
 * user who may inspect containers can read labels and could guess a short secret by trial.
 */
export function withDigests(inputs: ProjectInputs, key: Buffer): Document {
  const services = Object.entries(inputs.document.services).map(([name, service]) => {
    const mounted = mountedFiles(service, inputs);
    if (mounted.length === 0) {
      return [name, service] as const;
    }
    const digest = createHmac("sha256", key).update(JSON.stringify(mounted)).digest("hex").slice(0, 32);
    return [name, { ...service, labels: { ...service.labels, [DIGEST_LABEL]: digest } }] as const;
  });
  return { ...inputs.document, services: Object.fromEntries(services) };
}

/** Path, content and owner of each file that a service mounts, sorted by path. */
function mountedFiles(service: DocumentService, { document, files, secretFiles }: ProjectInputs): string[][] {
  return mountedPaths(service, document).flatMap((path) => {
    const secret = secretFiles[path];
    if (secret?.live && canWriteLive()) {
      return [[path, String(secret.user)]];
    }
    if (secret) {
      return [[path, secret.content, String(secret.user)]];
    }
    const content = files[path];
    return content === undefined ? [] : [[path, content]];
  });
}

/** Relative paths of the files that a service mounts, sorted. */
export function mountedPaths({ configs, secrets }: DocumentService, document: Document): string[] {
  const paths = [
    ...sources(configs).map((source) => fileOf(document.configs, source)),
    ...sources(secrets).map((source) => fileOf(document.secrets, source)),
  ];
  return [...new Set(paths.filter((path) => path !== undefined))].sort();
}

function sources(mounts: unknown[] | undefined): string[] {
  return (mounts ?? []).flatMap((mount) => {
    const source = isRecord(mount) ? mount.source : mount;
    return typeof source === "string" ? [source] : [];
  });
}

function fileOf(section: unknown, source: string): string | undefined {
  const entry = isRecord(section) ? section[source] : undefined;
  return isRecord(entry) && typeof entry.file === "string" ? entry.file.replace(/^\.\//, "") : undefined;
}
