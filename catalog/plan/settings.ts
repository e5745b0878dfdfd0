import type { Generations } from "../generations";
import type { Environment, SettingValue } from "../types";
import type { Quantity } from "../values";
import type { DatastoreKind, Logging, Target } from "./types";

/** How a system's metrics are collected. */
export interface PlanMonitoring {
  /** Seconds between two looks at one target. */
  readonly scrapeSeconds: number;
}

/** What an environment changes of one service. */
export interface ServiceSettings {
  /** A fixed number. @default - the catalog's */
  readonly replicas?: number | undefined;
  /** NVIDIA GPUs of each container. @default - the catalog's */
  readonly gpu?: number | undefined;
  /** Kind of GPU, as the cluster's nodes are labelled. @default - on gcp `nvidia-l4`, elsewhere any */
  readonly gpuType?: string | undefined;
  /** Whether it gets the devices that the catalog names. @default - where they are offered */
  readonly devices?: boolean | undefined;
}

/** What an environment decides about one system. All of it is optional but where it runs. */
export interface PlanSettings {
  readonly environment: Environment;
  readonly target: Target;
  /** The system is served under `SYSTEM.DOMAIN`. @default - no host name */
  readonly domain?: string;
  /** Whether routes are served with HTTPS. Target compose only. @default - in staging and prod */
  readonly tls?: boolean;
  /** @default - the catalog's defaults */
  readonly settings?: Readonly<Record<string, SettingValue | undefined>>;
  readonly datastores?: Readonly<
    Record<
      string,
      | {
          readonly kind?: DatastoreKind | undefined;
          readonly tier?: string | undefined;
          readonly highAvailability?: boolean | undefined;
          readonly persistence?: "snapshots" | undefined;
          readonly vcpus?: number | undefined;
          readonly memory?: Quantity | undefined;
        }
      | undefined
    >
  >;
  readonly services?: Readonly<Record<string, ServiceSettings | undefined>>;
  /** Whether containers can have devices of the machine or node. @default true */
  readonly offersDevices?: boolean;
  /** Names of the secrets that config holds: an optional one that is not set is left out. @default [] */
  readonly secretsSet?: readonly string[];
  /** Which values of its secrets are in use. @default - the first of each */
  readonly generations?: Generations;
  /** Where Compose sends what containers say. @default - files of this machine, rotated */
  readonly logging?: Logging;
  /** Profiles that were asked for. Target compose only. @default [] */
  readonly profiles?: readonly string[] | "all";
  /** Services of a profile, or dispensable ones, that cannot run here. @default [] */
  readonly leftOut?: readonly string[];
  /** Target compose: adds exporters and an agent. @default - nobody collects its metrics */
  readonly monitoring?: PlanMonitoring;
}
