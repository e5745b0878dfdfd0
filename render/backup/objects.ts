import { dirname } from "node:path/posix";
import { AGE } from "../../catalog/plan/dump-encryption";
import type { Plan, PlannedDatastore, SecretFile, Workload } from "../../catalog/plan/types";
import { containerOf } from "../kubernetes/container";
import { contextOf, type Context } from "../kubernetes/context";
import { renderConfigMap, renderSecret } from "../kubernetes/files";
import { selectorOf } from "../kubernetes/names";
import { renderNetworkPolicy } from "../kubernetes/network";
import { podTemplate } from "../kubernetes/pod";
import type { KubernetesObject, KubernetesOptions, Node } from "../kubernetes/types";
import { renderServiceAccount } from "../kubernetes/workload";
import { AGE_PROGRAM, folderScript, STORE_SCRIPT } from "./cluster";
import { POSTGRES } from "./postgres";
import { COPY_PORT, REDIS } from "./redis";
import type { BackupScripts } from "./scripts";

/** Destination and source of dumps: a bucket, which GKE's Cloud Storage FUSE driver mounts as a folder of the pod. */
export interface BackupTarget<T> {
  readonly bucket: T;
  /** Schedule as a cron expression, in UTC. */
  readonly schedule: string;
  readonly retention: Retention;
  /** Public keys of age that dumps are encrypted for. Empty: dumps are not encrypted. */
  readonly recipients: readonly string[];
}

/** Which dumps the job keeps when it has taken a new one. */
export interface Retention {
  /** Days after which a dump is deleted. */
  readonly keepDays: number;
  /** Number of newest dumps that are never deleted. */
  readonly keepAtLeast: number;
}

/** A datastore in the cluster that can be dumped while it runs. */
export interface BackedUp {
  readonly store: string;
  /** Dumps the datastore. Its Kubernetes ServiceAccount and that of `restore` need access to the bucket. */
  readonly dump: Workload;
  /** Always suspended. An operator creates a Job from it. */
  readonly restore: Workload;
}

const SCRIPT = "/etc/longshore/backup.sh";
const FOLDER = "/backup";
const VOLUME = "backup";
/** Hours after which a dump or a restore is terminated. */
const LONGEST = 6;
const MEBIBYTE = 2 ** 20;

/** Returns the datastores of a system that can be dumped: PostgreSQL and persistent Redis in containers. */
export function backedUp({ system, datastores, workloads }: Plan): BackedUp[] {
  return datastores.flatMap((datastore) => {
    const own = workloads.find(({ name }) => name === datastore.name);
    const login = loginOf(datastore);
    if (datastore.kind !== "container" || !own || !login) {
      return [];
    }
    const job = (what: "dump" | "restore"): Workload => ({
      name: `${datastore.name}-${what}`,
      kind: "job",
      image: own.image,
      command: ["sh", SCRIPT],
      user: own.user,
      env: [
        { name: "BACKUP_FOLDER", value: FOLDER },
        { name: "BACKUP_NAME", value: `${system}-${datastore.name}` },
        ...login.env,
      ],
      secretFiles: [login.secret],
      configFiles: [
        { path: SCRIPT, content: folderScript(login.scripts, what) },
        { path: STORE_SCRIPT, content: login.scripts[what] },
      ],
      ports: [],
      probes: { startupSeconds: 60 },
      resources: {
        cpu: { request: 100, limit: 1000 },
        memory: { request: 128 * MEBIBYTE, limit: login.memory },
      },
      scale: { kind: "fixed", replicas: 1 },
      writable: ["/tmp"],
      volumes: [],
      after: [],
      connects: [{ to: "workload", workload: datastore.name, port: datastore.port }],
      clients: [],
      // Access to the bucket.
      egress: [{ host: "storage.googleapis.com", port: 443 }],
      exceptions: [],
      roles: ["roles/storage.objectUser"],
      graceSeconds: 30,
      timeoutSeconds: LONGEST * 3600,
    });
    return [{ store: datastore.name, dump: job("dump"), restore: job("restore") }];
  });
}

/** Credentials and scripts with which a job dumps or restores a running datastore. */
export interface Login {
  readonly scripts: BackupScripts;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly secret: SecretFile & { readonly variable: string };
  /** Memory limit of a restore in bytes. */
  readonly memory: number;
}

export function loginOf(datastore: PlannedDatastore, host: string = datastore.name): Login | undefined {
  const secretOf = (variable: string, secret: string): Login["secret"] => ({
    name: "password",
    variable,
    path: "/run/secrets/password",
    value: { late: "secret", secret },
  });
  switch (datastore.engine) {
    case "postgres": {
      const { admin } = datastore.roles;
      return {
        scripts: POSTGRES,
        env: [
          { name: "PGDATABASE", value: datastore.database },
          { name: "PGHOST", value: host },
          { name: "PGUSER", value: admin.name },
        ],
        secret: secretOf("PGPASSWORD_FILE", admin.secret),
        memory: 512 * MEBIBYTE,
      };
    }
    case "redis":
      return datastore.appendOnly
        ? {
            scripts: REDIS,
            env: [
              { name: "REDIS_HOST", value: host },
              { name: "REDIS_PORT", value: String(datastore.port) },
            ],
            secret: secretOf("REDIS_PASSWORD_FILE", datastore.login.secret),
            // One copy of all data, plus the file that it is loaded from.
            memory: 256 * MEBIBYTE + 3 * datastore.maxMemory,
          }
        : undefined;
    default:
      return undefined;
  }
}

/** Returns the Secret of a job. The caller may change its name. */
export function backupSecret<T>(
  plan: Plan,
  options: KubernetesOptions<T>,
  job: Workload,
): KubernetesObject<T> | undefined {
  return renderSecret(contextOf(plan, options), job)[0];
}

/** Returns the objects of a datastore's backup except the Secrets: identity, network access and schedule. */
export function renderBackup<T>(
  plan: Plan,
  options: KubernetesOptions<T>,
  { store, dump, restore }: BackedUp,
  target: BackupTarget<T>,
): KubernetesObject<T>[] {
  const context = contextOf(plan, options);
  const of = (job: Workload, spec: Record<string, Node<T>>): KubernetesObject<T>[] => {
    const account = renderServiceAccount(context, job);
    return [
      account,
      ...renderConfigMap(context, job),
      renderNetworkPolicy(context, job),
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: { ...account.metadata, annotations: {} },
        spec: {
          schedule: target.schedule,
          timeZone: "Etc/UTC",
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          ...spec,
          jobTemplate: {
            spec: {
              backoffLimit: 2,
              activeDeadlineSeconds: job.timeoutSeconds ?? LONGEST * 3600,
              template: withAge(context, withBucket(podTemplate(context, job), job, target.bucket), job),
            },
          },
        },
      },
    ];
  };
  return [
    ...policies<T>(plan, context.namespace, store, { dump, restore }),
    ...of(withVariables(dump, target), {}),
    ...of(restore, { suspend: true }),
  ];
}

/**
 * Returns the NetworkPolicies that let the jobs connect to the datastore, and Redis to the copy from which it
 * replicates restored data.
 */
function policies<T>(
  plan: Plan,
  namespace: string,
  store: string,
  { dump, restore }: Pick<BackedUp, "dump" | "restore">,
): KubernetesObject<T>[] {
  const datastore = plan.datastores.find(({ name }) => name === store);
  const peer = (name: string) => ({ podSelector: { matchLabels: selectorOf(plan, name) } });
  const policy = (name: string, on: string, spec: Record<string, Node<T>>): KubernetesObject<T> => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/managed-by": "longshore", "app.kubernetes.io/part-of": plan.system },
    },
    spec: { podSelector: { matchLabels: selectorOf(plan, on) }, ...spec },
  });
  const ports = [{ port: COPY_PORT, protocol: "TCP" }];
  const takesCopy = datastore?.engine === "redis";
  return [
    policy(`${store}-from-backup`, store, {
      policyTypes: ["Ingress", ...(takesCopy ? ["Egress"] : [])],
      ingress: [
        {
          from: [peer(dump.name), peer(restore.name)],
          ports: [{ port: datastore?.port ?? 0, protocol: "TCP" }],
        },
      ],
      ...(takesCopy && { egress: [{ to: [peer(restore.name)], ports }] }),
    }),
    ...(takesCopy
      ? [
          policy(`${restore.name}-from-store`, restore.name, {
            policyTypes: ["Ingress"],
            ingress: [{ from: [peer(store)], ports }],
          }),
        ]
      : []),
  ];
}

function withVariables<T>(dump: Workload, { retention, recipients }: BackupTarget<T>): Workload {
  const env = [
    { name: "BACKUP_KEEP_AT_LEAST", value: String(retention.keepAtLeast) },
    { name: "BACKUP_KEEP_DAYS", value: String(retention.keepDays) },
    ...(recipients.length > 0 ? [{ name: "BACKUP_RECIPIENTS", value: recipients.join(" ") }] : []),
  ];
  return { ...dump, env: [...dump.env, ...env] };
}

interface Template<T> {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string | T>> };
  readonly spec: {
    readonly volumes?: readonly Node<T>[];
    readonly containers: readonly { readonly volumeMounts?: readonly Node<T>[] }[];
  };
}

/**
 * Annotations that make GKE inject the container of the Cloud Storage FUSE driver, and its requests and limits. Without
 * limits, those of the namespace's LimitRange apply, which are below the 5 GiB of disk that the driver requests, and the
 * pod is rejected (linkerd2#3750). CPU and memory keep the pod within the ratio of Autopilot.
 */
const SIDECAR = {
  "gke-gcsfuse/volumes": "true",
  "gke-gcsfuse/cpu-limit": "500m",
  "gke-gcsfuse/memory-limit": "512Mi",
  "gke-gcsfuse/ephemeral-storage-limit": "5Gi",
} as const;

function withBucket<T>(template: Record<string, Node<T>>, { user }: Workload, bucket: T): Node<T> {
  const { metadata, spec } = template as unknown as Template<T>;
  // Dumps are written in order. Without streaming, the driver would store each one on the node's disk first, up to the limit.
  const options = `uid=${user},gid=${user},file-mode=600,dir-mode=700,implicit-dirs,write:enable-streaming-writes:true`;
  return {
    ...template,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...SIDECAR } },
    spec: {
      ...spec,
      containers: spec.containers.map((container) => ({
        ...container,
        volumeMounts: [...(container.volumeMounts ?? []), { name: VOLUME, mountPath: FOLDER }],
      })),
      volumes: [
        ...(spec.volumes ?? []),
        {
          name: VOLUME,
          csi: {
            driver: "gcsfuse.csi.storage.gke.io",
            volumeAttributes: { bucketName: bucket, mountOptions: options },
          },
        },
      ],
    },
  };
}

/**
 * Adds the program that encrypts and decrypts, which an init container copies into a volume of the pod. The job itself
 * runs in its datastore's image, which does not contain it.
 */
function withAge<T>(context: Context<T>, template: Node<T>, job: Workload): Node<T> {
  if (!context.plan.images.some(({ name }) => name === AGE)) {
    return template;
  }
  const { spec, ...rest } = template as unknown as Template<T>;
  const mount = { name: "age", mountPath: dirname(AGE_PROGRAM) };
  const installer: Workload = {
    ...job,
    name: "age",
    image: AGE,
    command: ["install", AGE_PROGRAM],
    env: [],
    secretFiles: [],
    resources: {
      cpu: { request: 10, limit: 1000 },
      memory: { request: 16 * MEBIBYTE, limit: 64 * MEBIBYTE },
    },
  };
  return {
    ...rest,
    spec: {
      ...spec,
      initContainers: [containerOf(context, installer, [mount])],
      containers: spec.containers.map((container) => ({
        ...container,
        // A restore reads the private key from standard input, so that it is stored nowhere in the cluster.
        ...(job.name.endsWith("-restore") && { stdin: true, stdinOnce: true }),
        volumeMounts: [...(container.volumeMounts ?? []), { ...mount, readOnly: true }],
      })),
      volumes: [...(spec.volumes ?? []), { name: "age", emptyDir: { sizeLimit: "32Mi" } }],
    },
  };
}
