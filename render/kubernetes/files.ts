import { dirname } from "node:path/posix";
import { resolve } from "../../catalog/plan/resolve";
import type { ConfigFile, Workload } from "../../catalog/plan/types";
import { metadataOf, secretNameOf, type Context } from "./context";
import { devicePaths } from "./devices";
import { formatBytes, shortHash, volumeName } from "./names";
import type { KubernetesObject, Node } from "./types";

const MEBIBYTE = 2 ** 20;
/** Maximum size of an in-memory file system. It counts towards the container's memory. */
const LARGEST_TMPFS = 64 * MEBIBYTE;
/** Mode 0440: the files belong to root and the pod's group (`fsGroup`); other users cannot read them. */
const SECRET_MODE = 0o440;
const CONFIG_MODE = 0o444;

/** The volumes of a pod and the mounts of its container, both sorted. */
export interface Files<T> {
  readonly volumes: Node<T>[];
  readonly mounts: Node<T>[];
}

/** Renders the Secret with the workload's secret files, if it has any. */
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

/** Renders the workload's ConfigMap. Its name contains a hash of its content, so that a change replaces the pods. */
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
    // A nested mount must follow its parent.
    mounts: mounts.sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1)),
  };
}

interface Part<T> {
  readonly volumes: Node<T>[];
  readonly mounts: (Record<string, Node<T>> & { readonly mountPath: string })[];
}

/** Returns one volume per folder, each with only the secrets below that folder. */
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

/** Mounts each file individually, so that the other files of the image's folder stay visible. */
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

/**
 * Returns the volume mounts. Volumes of services and datastores come from the StatefulSet's claim templates; a job's
 * claim is a separate object.
 */
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

/** Renders the claims of a job's volumes, which outlive its runs. */
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

/** Returns the name of a claim. The dot prevents `a-b` and `c` from getting the same name as `a` and `b-c`. */
function claimName(workload: Workload, volume: string): string {
  return `${workload.name}.${volume}`;
}

function configMapName({ name, configFiles }: Workload): string {
  return `${name}-config-${shortHash(JSON.stringify(configFiles))}`;
}

/**
 * Returns the ConfigMap keys of paths: `/etc/app/a.conf` is `etc_app_a.conf`, with a hash where two keys would be
 * equal.
 */
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
