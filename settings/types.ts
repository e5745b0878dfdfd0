import type { ServiceSettings } from "../catalog/plan/settings";
import type { DatastoreKind, Logging, Target } from "../catalog/plan/types";
import type { Generations } from "../catalog/generations";
import type { Environment, SettingValue } from "../catalog/types";
import type { Quantity } from "../catalog/values";

/** What one stack's config says, complete: every default is filled in. Never holds a secret's value. */
export interface StackSettings {
  /** Name of the stack, such as `prod`. */
  readonly stack: string;
  readonly environment: Environment;
  readonly target: Target;
  /** Names of the systems that the stack runs, sorted. */
  readonly systems: readonly string[];
  /** Whether the metrics of its systems are collected where it runs on Compose. */
  readonly monitored: boolean;
  /** @default - none (compose serves on 127.0.0.1) */
  readonly domain?: string;
  /** Whether data is protected from deletion. */
  readonly lifecycle: "retain" | "ephemeral";
  /** Present for the target gcp. */
  readonly gcp?: { readonly project: string; readonly region: string };
  /** Where images are pushed, such as `harbor.example.com/acme`. @default - gcr.io on gcp, nowhere otherwise */
  readonly registry?: string;
  /** Whether config holds a login for that registry (target kubernetes). @default - machine and nodes have their own */
  readonly registryLogin?: boolean;
  /** Whether config says where alerts are sent (target gcp). */
  readonly alertWebhook?: boolean;
  /** How datastores in the cluster are dumped (target gcp). @default - they are not */
  readonly backups?: { readonly schedule: string; readonly keepDays: number; readonly location: string };
  readonly cluster: {
    readonly mode: "autopilot" | "standard";
    /** Context of the kubeconfig (target kubernetes). */
    readonly context?: string;
    /** Node pools of a standard cluster, by name. @default - one, for everything */
    readonly pools?: Readonly<Record<string, PoolSettings>>;
  };
  /** What images are built for (target kubernetes). @default - both */
  readonly platforms?: readonly ("linux/amd64" | "linux/arm64")[];
  /** Per system: the port on 127.0.0.1 (target compose). */
  readonly ports: Readonly<Record<string, number>>;
  /** Per system: what is added to the ports of debuggers and tools, so that two systems do not meet there. */
  readonly portOffsets: Readonly<Record<string, number>>;
  /** Where what containers say goes (target compose). @default - files of this machine, rotated */
  readonly logging?: Logging;
  /** Profiles whose services run (target compose). */
  readonly profiles: readonly string[];
  /** Whether systems are served with HTTPS (target compose). @default - in staging and prod */
  readonly tls?: boolean;
  /** Per system: names of the secrets that config holds. */
  readonly secretsSet: Readonly<Record<string, readonly string[]>>;
  /** Per system: which values of its secrets are in use. @default - the first of each */
  readonly generations?: Readonly<Record<string, Generations>>;
  readonly perSystem: Readonly<Record<string, SystemSettings>>;
}

/** Machines of one kind in a standard cluster; defaults are `GkeCluster`'s. */
export interface PoolSettings {
  readonly machineType?: string | undefined;
  /** In each zone. */
  readonly nodes?: { readonly min: number; readonly max: number } | undefined;
  readonly zones?: readonly string[] | undefined;
  readonly gpu?: { readonly type: string; readonly count: number } | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Whether only pods run there that ask for its labels. @default true */
  readonly dedicated?: boolean | undefined;
}

/** What one run asks for beyond the settings. */
export interface Asked {
  /** Profiles whose services run too. @default [] */
  readonly profiles?: readonly string[];
  /** Per system: services of a profile that cannot run here. @default {} */
  readonly leftOut?: Readonly<Record<string, readonly string[]>>;
}

/** What config says of one system. */
export interface SystemSettings {
  readonly settings: Readonly<Record<string, SettingValue | undefined>>;
  readonly datastores: Readonly<Record<string, DatastoreSettings | undefined>>;
  readonly services: Readonly<Record<string, ServiceSettings | undefined>>;
}

export interface DatastoreSettings {
  readonly kind?: DatastoreKind | undefined;
  readonly tier?: string | undefined;
  readonly highAvailability?: boolean | undefined;
  readonly persistence?: "snapshots" | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: Quantity | undefined;
}
