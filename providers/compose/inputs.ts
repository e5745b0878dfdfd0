import { parseYaml } from "../../yaml/read";
import type { CheckFailure } from "./server";
import { isRecord, unwrap, type Properties } from "./values";

/** Inputs of a Compose project, without secret wrappers. */
export interface ProjectInputs {
  project: string;
  document: Document;
  /** Configuration files beside the document, by path. */
  files: Record<string, string>;
  /** Secret files by path. The content is secret. */
  secretFiles: Record<string, SecretFileInput>;
  /** Build instructions for missing images. A change alone causes no update. */
  bake?: BakeInput;
  /** Variables that the document's build sections read. A change alone causes no update. */
  buildArgs: Record<string, string>;
  /** Longest time in seconds that one service may take to become healthy. @default - its health check decides */
  waitSeconds?: number;
  keepVolumes: boolean;
  /** By published port: the setting that changes the port, and an alternative value to suggest if the port is taken. */
  portSettings?: Record<string, { setting: string; value: number }>;
  /** By secret: the generation that this deployment uses. */
  generations?: Record<string, number>;
}

export interface SecretFileInput {
  content: string;
  user: number;
  /** Whether new content is written in place, into the file that the running container mounts. */
  live?: boolean;
}

/** The fields of a buildx bake document that this provider reads. */
export interface BakeInput {
  group?: Record<string, { targets: string[] }>;
  target: Record<string, { tags?: string[]; contexts?: Record<string, string> }>;
}

/** The fields of a Compose document that this provider reads. */
export interface Document extends Properties {
  services: Record<string, DocumentService>;
  networks?: Record<string, { name?: string; external?: boolean } | null>;
  volumes?: Record<string, { name?: string; labels?: unknown } | null>;
}

export interface DocumentService extends Properties {
  image?: string;
  build?: unknown;
  ports?: unknown[];
  volumes?: unknown[];
  networks?: string[] | Properties;
  secrets?: unknown[];
  configs?: unknown[];
  labels?: Record<string, string>;
  restart?: string;
  depends_on?: string[] | Record<string, { condition?: string }>;
  deploy?: { replicas?: number };
}

export const DEFAULTS = { files: {}, secretFiles: {}, buildArgs: {}, keepVolumes: true };

/** Parses a document given as YAML text; returns any other value unchanged. Rethrows errors of the YAML parser. */
export function parseDocument(document: unknown): unknown {
  return typeof document === "string" ? parseYaml(document) : document;
}

/** Converts inputs that `check` has accepted. */
export function projectInputs(properties: Properties): ProjectInputs {
  return { ...DEFAULTS, ...(unwrap(properties) as ProjectInputs) };
}

/** All problems in the shape of the inputs. */
export function shapeFailures(inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const expect = (property: string, fine: boolean, expected: string) => {
    if (!fine) {
      failures.push({ property, reason: `expected ${expected}` });
    }
  };
  const { project, document, files, secretFiles, bake, buildArgs } = inputs;
  const { waitSeconds, keepVolumes, portSettings, generations } = inputs;
  expect(
    "project",
    typeof project === "string" && /^[a-z0-9][a-z0-9_-]*$/.test(project),
    `lower-case letters, digits, "-" and "_", starting with a letter or digit, got ${JSON.stringify(project)}`,
  );
  expect("document", isRecord(document) && isRecord(document.services), "a Compose document with services");
  expect("files", isRecord(files), "a record of path and content");
  for (const [path, content] of Object.entries(isRecord(files) ? files : {})) {
    expect(`files[${JSON.stringify(path)}]`, isInside(path), "a relative path without ..");
    expect(`files[${JSON.stringify(path)}]`, typeof content === "string", "text");
  }
  expect("secretFiles", isRecord(secretFiles), "a record of path and { content, user }");
  for (const [path, file] of Object.entries(isRecord(secretFiles) ? secretFiles : {})) {
    const property = `secretFiles[${JSON.stringify(path)}]`;
    // Only files below `secrets` can have another owner; the Docker daemon sets it.
    expect(property, isInside(path) && path.startsWith("secrets/"), "a path below secrets/, without ..");
    expect(property, isRecord(file) && typeof file.content === "string", "a text `content`");
    expect(property, isRecord(file) && isUser(file.user), "a numeric `user`");
    expect(
      property,
      isRecord(file) && (file.live === undefined || typeof file.live === "boolean"),
      "true or false for `live`",
    );
  }
  expect(
    "bake",
    bake === undefined || (isRecord(bake) && isRecord(bake.target)),
    "a bake document with targets",
  );
  expect("buildArgs", isRecord(buildArgs), "a record of texts");
  expect(
    "waitSeconds",
    waitSeconds === undefined || (typeof waitSeconds === "number" && waitSeconds > 0),
    "a positive number",
  );
  expect("keepVolumes", typeof keepVolumes === "boolean", "true or false");
  expect(
    "portSettings",
    portSettings === undefined || isRecord(portSettings),
    "a record of settings by port",
  );
  expect(
    "generations",
    generations === undefined ||
      (isRecord(generations) && Object.values(generations).every((one) => Number.isInteger(one))),
    "a record of whole numbers by secret",
  );
  return failures;
}

/**
 * Problems with secrets that skip a generation. A job changes a datastore's password with the deployed generation, so
 * the next deployment may only use the following one.
 * @param olds inputs of the last deployment
 */
export function skippedGenerations(olds: Properties, { generations = {} }: ProjectInputs): CheckFailure[] {
  const before = unwrap(olds.generations);
  return isRecord(before)
    ? Object.entries(generations).flatMap(([secret, number]) => {
        const deployed = before[secret];
        return typeof deployed === "number" && number > deployed + 1
          ? [
              {
                property: `generations.${secret}`,
                reason:
                  `expected at most ${deployed + 1}, because generation ${deployed} is deployed, got ${number}; ` +
                  `fix: set longshore:generations to ${deployed + 1}, run up, then rotate again`,
              },
            ]
          : [];
      })
    : [];
}

function isInside(path: string): boolean {
  return (
    path !== "" && !path.startsWith("/") && path.split("/").every((part) => !["", ".", ".."].includes(part))
  );
}

function isUser(user: unknown): boolean {
  return typeof user === "number" && Number.isInteger(user) && user >= 0;
}

/** Names of the services in a service's `depends_on`. */
export function dependenciesOf({ depends_on: after }: DocumentService): string[] {
  return Array.isArray(after) ? after : Object.keys(after ?? {});
}

export function replicasOf({ deploy }: DocumentService): number {
  return deploy?.replicas ?? 1;
}

/** Whether a service runs to completion: another service waits for its completion, or it is never restarted. */
export function isJob(name: string, document: Document): boolean {
  const service = document.services[name];
  const awaited = Object.values(document.services).some(
    ({ depends_on: after }) =>
      isRecord(after) && isRecord(after[name]) && after[name].condition === "service_completed_successfully",
  );
  return awaited || service?.labels?.["longshore.kind"] === "job";
}

/** Host address and port of each published port. Omits ports that Docker assigns. */
export function publishedPorts({ ports = [] }: DocumentService): { host: string; port: number }[] {
  return ports.flatMap((entry) => {
    if (isRecord(entry)) {
      const port = Number(entry.published);
      return Number.isInteger(port)
        ? [{ host: typeof entry.host_ip === "string" ? entry.host_ip : "0.0.0.0", port }]
        : [];
    }
    const match = /^(?:(?<host>[^:]+|\[.+\]):)?(?<port>\d+):\d+(\/\w+)?$/.exec(String(entry));
    const { host = "0.0.0.0", port } = match?.groups ?? {};
    return port === undefined ? [] : [{ host, port: Number(port) }];
  });
}

/** Keys of a service's named volumes. */
export function namedVolumes({ volumes = [] }: DocumentService): string[] {
  return volumes.flatMap((entry) => {
    if (isRecord(entry)) {
      return entry.type === "volume" && typeof entry.source === "string" ? [entry.source] : [];
    }
    const source = String(entry).split(":")[0] ?? "";
    return /^[A-Za-z0-9]/.test(source) && String(entry).includes(":") ? [source] : [];
  });
}
