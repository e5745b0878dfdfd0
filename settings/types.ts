import type { PostgresVersion } from "../catalog/choices";
import type { PlanPointInTime, ServiceSettings } from "../catalog/plan/settings";
import type { DatastoreKind, Logging, Target } from "../catalog/plan/types";
import type { Generations } from "../catalog/generations";
import type { Environment, SettingValue } from "../catalog/types";
import type { Quantity } from "../base/quantities";

/** The complete settings of one stack, with defaults. Never contains a secret's value. */
export interface StackSettings {
  /** Name of the stack, such as `prod`. */
  readonly stack: string;
  readonly environment: Environment;
  readonly target: Target;
  /** Names of the stack's systems, sorted. */
  readonly systems: readonly string[];
  /** Whether metrics are collected on Compose. */
  readonly monitored: boolean;
  /** Domain of the systems' host names. @default - none (only compose) */
  readonly domain?: string;
  /** Whether data is protected from deletion. */
  readonly lifecycle: "retain" | "ephemeral";
  /** Google Cloud project and region. Present for the target gcp. */
  readonly gcp?: { readonly project: string; readonly region: string };
  /** Registry that images are pushed to, such as `harbor.example.com/acme`. @default - gcr.io on gcp, none otherwise */
  readonly registry?: string;
  /**
   * Whether config contains a login for that registry (target kubernetes). @default - Docker and nodes have their own
   */
  readonly registryLogin?: boolean;
  /** Whether config contains an alert webhook (target gcp). */
  readonly alertWebhook?: boolean;
  /** Schedule of dumps of the datastores in the cluster (target gcp). @default - no dumps */
  readonly backups?: {
    readonly schedule: string;
    readonly keepDays: number;
    readonly keepAtLeast: number;
    /** Public keys of age that dumps are encrypted for. Empty: dumps are not encrypted. */
    readonly recipients: readonly string[];
    readonly location: string;
  };
  /** Point-in-time recovery of PostgreSQL in containers. @default - no archive */
  readonly pointInTime?: PlanPointInTime;
  readonly cluster: {
    readonly mode: "autopilot" | "standard";
    /** Kubeconfig context (target kubernetes). */
    readonly context?: string;
    /** Whether the cluster and the data in it are protected from deletion (target gcp). @default - the stack's lifecycle */
    readonly lifecycle?: "retain" | "ephemeral";
    /** Node pools of a standard cluster, by name. @default - one pool for all workloads */
    readonly pools?: Readonly<Record<string, PoolSettings>>;
  };
  /** Platforms that images are built for (targets kubernetes and gcp). @default - both */
  readonly platforms?: readonly ("linux/amd64" | "linux/arm64")[];
  /** Port by system (target compose). */
  readonly ports: Readonly<Record<string, number>>;
  /** Addresses of this machine that systems are served on (target compose). @default - 127.0.0.1 */
  readonly bind?: Readonly<Record<string, readonly string[]>>;
  /** Ports that redirect plain HTTP requests to HTTPS, by system (target compose). @default - none */
  readonly redirectPorts?: Readonly<Record<string, number>>;
  /** Offset of the ports of debuggers and tools by system, which prevents port conflicts. */
  readonly portOffsets: Readonly<Record<string, number>>;
  /** Log driver (target compose). @default - rotated files on this machine */
  readonly logging?: Logging;
  /** Active profiles (target compose). */
  readonly profiles: readonly string[];
  /** Whether systems are served with HTTPS (target compose). @default - in staging and prod */
  readonly tls?: boolean;
  /** Names of the secrets in config, by system. */
  readonly secretsSet: Readonly<Record<string, readonly string[]>>;
  /** Current generations of secrets, by system. @default - the first of each */
  readonly generations?: Readonly<Record<string, Generations>>;
  readonly perSystem: Readonly<Record<string, SystemSettings>>;
}

/** A node pool of a standard cluster. Defaults are those of `GkeCluster`. */
export interface PoolSettings {
  readonly machineType?: string | undefined;
  /** Number of nodes per zone. */
  readonly nodes?: { readonly min: number; readonly max: number } | undefined;
  readonly zones?: readonly string[] | undefined;
  readonly gpu?: { readonly type: string; readonly count: number } | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Whether only pods that select its labels run there. @default true */
  readonly dedicated?: boolean | undefined;
}

/** Options of one run, in addition to the settings. */
export interface RunOverrides {
  /** Additional active profiles. @default [] */
  readonly profiles?: readonly string[];
  /** Services of a profile that cannot run here, by system. @default {} */
  readonly skippedServices?: Readonly<Record<string, readonly string[]>>;
}

/** Settings of one system. */
export interface SystemSettings {
  readonly settings: Readonly<Record<string, SettingValue | undefined>>;
  readonly datastores: Readonly<Record<string, DatastoreSettings | undefined>>;
  readonly services: Readonly<Record<string, ServiceSettings | undefined>>;
}

export interface DatastoreSettings {
  readonly kind?: DatastoreKind | undefined;
  /** Major version of PostgreSQL. */
  readonly version?: PostgresVersion | undefined;
  readonly tier?: string | undefined;
  readonly highAvailability?: boolean | undefined;
  readonly persistence?: "snapshots" | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: Quantity | undefined;
}
