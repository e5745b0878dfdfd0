import { dirname } from "node:path/posix";
import { resolve } from "../../catalog/plan/resolve";
import type { ConfigFile, Workload } from "../../catalog/plan/types";
import { metadataOf, secretNameOf, type Context } from "./context";
import { devicePaths } from "./devices";
import { formatBytes, shortHash, volumeName } from "./names";
import type { KubernetesObject, Node } from "./types";

const MEBIBYTE = 2 ** 20;
/** What a file system in memory may hold; it counts as memory of the container. */
const LARGEST_TMPFS = 64 * MEBIBYTE;
/** 0440: the files belong to root and the pod's group (`fsGroup`); other users cannot read them. */
const SECRET_MODE = 0o440;
const CONFIG_MODE = 0o444;

/** A pod's volumes and where its container sees them, both sorted. */
export interface Files<T> {
  readonly volumes: Node<T>[];
  readonly mounts: Node<T>[];
}

/** The workload's secret files, or nothing when it has none. */
export function renderSecret<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  const { resolver } = context.options;
  if (workload.secretFiles.length === 0) {
    return [];
  }
  const files = workload.secretFiles.map(({ name, value }) => [name, resolve(value, resolver)] as const);
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadataOf(context, workload, secretNameOf(context, workload)),
      type: "Opaque",
      stringData: Object.fromEntries(files),
    },
  ];
}

/** The workload's config files. Its name changes with its content, and with it the pods that mount it. */
export function renderConfigMap<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  const { configFiles } = workload;
  if (configFiles.length === 0) {
    return [];
  }
  const keys = configKeys(configFiles);
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadataOf(context, workload, configMapName(workload)),
      immutable: true,
      data: Object.fromEntries(configFiles.map(({ path, content }) => [keys.get(path) ?? path, content])),
    },
  ];
}

export function filesOf<T>(context: Context<T>, workload: Workload): Files<T> {
  const parts = [
    secretFiles(context, workload),
    configFiles<T>(workload),
    writablePaths<T>(workload),
    disks<T>(workload),
    devicePaths<T>(workload),
  ];
  const mounts = parts.flatMap((part) => part.mounts);
  return {
    volumes: parts.flatMap((part) => part.volumes),
    // A mount below another one must come after it.
    mounts: mounts.sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1)),
  };
}

interface Part<T> {
  readonly volumes: Node<T>[];
  readonly mounts: (Record<string, Node<T>> & { readonly mountPath: string })[];
}

/** One volume per folder, so that a folder holds the secrets of its paths only. */
function secretFiles<T>(context: Context<T>, workload: Workload): Part<T> {
  const folders = [...new Set(workload.secretFiles.map(({ path }) => dirname(path)))];
  const volumes = folders.map((folder): Node<T> => ({
    name: volumeName("secrets", folder),
    secret: {
      secretName: secretNameOf(context, workload),
      defaultMode: SECRET_MODE,
      items: workload.secretFiles
        .filter(({ path }) => dirname(path) === folder)
        .map(({ name, path }) => ({ key: name, path: path.slice(folder.length + 1) })),
    },
  }));
  const mounts = folders.map((mountPath) => ({
    name: volumeName("secrets", mountPath),
    mountPath,
    readOnly: true,
  }));
  return { volumes, mounts };
}

/** Each file is mounted by itself: a folder of the image keeps its other files. */
function configFiles<T>(workload: Workload): Part<T> {
  if (workload.configFiles.length === 0) {
    return { volumes: [], mounts: [] };
  }
  const name = "config";
  const keys = configKeys(workload.configFiles);
  return {
    volumes: [{ name, configMap: { name: configMapName(workload), defaultMode: CONFIG_MODE } }],
    mounts: workload.configFiles.map(({ path }) => ({
      name,
      mountPath: path,
      subPath: keys.get(path) ?? path,
      readOnly: true,
    })),
  };
}

function writablePaths<T>(workload: Workload): Part<T> {
  const half = Math.floor(workload.resources.memory.limit / 2 / MEBIBYTE) * MEBIBYTE;
  const sizeLimit = formatBytes(Math.max(MEBIBYTE, Math.min(LARGEST_TMPFS, half)));
  return {
    volumes: workload.writable.map((path) => ({
      name: volumeName("writable", path),
      emptyDir: { medium: "Memory", sizeLimit },
    })),
    mounts: workload.writable.map((mountPath) => ({ name: volumeName("writable", mountPath), mountPath })),
  };
}

/** Disks of services and stores come from the claim templates of their StatefulSet; a job's claim is an object. */
function disks<T>(workload: Workload): Part<T> {
  const mounts = workload.volumes.map(({ name, path }) => ({ name, mountPath: path }));
  const volumes =
    workload.kind === "job"
      ? workload.volumes.map(({ name }) => ({
          name,
          persistentVolumeClaim: { claimName: claimName(workload, name) },
        }))
      : [];
  return { volumes, mounts };
}

/** The disks of a job, which outlive its runs. */
export function renderClaims<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  return workload.kind !== "job"
    ? []
    : workload.volumes.map(({ name, size }) => ({
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: metadataOf(context, workload, claimName(workload, name)),
        spec: claimSpec(context, size),
      }));
}

export function claimSpec<T>({ options }: Context<T>, size: number) {
  return {
    accessModes: ["ReadWriteOnce"],
    ...(options.storageClass !== undefined && { storageClassName: options.storageClass }),
    resources: { requests: { storage: formatBytes(size) } },
  };
}

/** With a dot, as `a-b` and `c` must not make the same name as `a` and `b-c`. */
function claimName(workload: Workload, volume: string): string {
  return `${workload.name}.${volume}`;
}

function configMapName({ name, configFiles }: Workload): string {
  return `${name}-config-${shortHash(JSON.stringify(configFiles))}`;
}

/** Keys of a ConfigMap for paths: `/etc/app/a.conf` is `etc_app_a.conf`, with a hash where two would be the same. */
function configKeys(files: readonly ConfigFile[]): ReadonlyMap<string, string> {
  const plain = files.map(({ path }) => path.replace(/^\//, "").replace(/[^A-Za-z0-9._-]/g, "_"));
  return new Map(
    files.map(({ path }, index) => {
      const key = plain[index] ?? path;
      const unique = key.length <= 200 && plain.indexOf(key) === plain.lastIndexOf(key);
      return [path, unique ? key : `file-${shortHash(path)}`];
    }),
  );
}
