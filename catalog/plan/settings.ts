import type { PostgresVersion } from "../choices";
import type { Generations } from "../generations";
import type { Environment, SettingValue } from "../types";
import type { Quantity } from "../../base/quantities";
import type { DatastoreKind, Logging, Target } from "./types";

/** How a system's metrics are collected. */
export interface PlanMonitoring {
  /** Scrape interval in seconds. */
  readonly scrapeSeconds: number;
}

/** Point-in-time recovery of PostgreSQL in containers. */
export interface PlanPointInTime {
  /** Days that any moment can be restored. */
  readonly keepDays: number;
}

/** Overrides of an environment for one service. */
export interface ServiceSettings {
  /** Fixed number of replicas. @default - the catalog's */
  readonly replicas?: number | undefined;
  /** NVIDIA GPUs per container. @default - the catalog's */
  readonly gpu?: number | undefined;
  /** GPU type, as the cluster's nodes are labelled. @default - on gcp `nvidia-l4`, elsewhere any */
  readonly gpuType?: string | undefined;
  /** Whether the service receives the devices that the catalog names. @default - if the environment offers them */
  readonly devices?: boolean | undefined;
}

/** Settings of an environment for one system. Only environment and target are required. */
export interface PlanSettings {
  readonly environment: Environment;
  readonly target: Target;
  /** Domain of the host name `SYSTEM.DOMAIN`. @default - no host name */
  readonly domain?: string;
  /** Whether routes are served with HTTPS. Target compose only. @default - in staging and prod */
  readonly tls?: boolean;
  /** Values of the system's own settings. @default - the catalog's defaults */
  readonly settings?: Readonly<Record<string, SettingValue | undefined>>;
  readonly datastores?: Readonly<
    Record<
      string,
      | {
          readonly kind?: DatastoreKind | undefined;
          /** Major version of PostgreSQL. @default - the catalog's */
          readonly version?: PostgresVersion | undefined;
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
  /** Whether containers can use devices of the machine or node. @default true */
  readonly offersDevices?: boolean;
  /** Whether Google manages the nodes (GKE Autopilot), which restricts requests. Target gcp only. @default false */
  readonly autopilot?: boolean;
  /** Names of the secrets in config. An optional secret that is not set is omitted. @default [] */
  readonly secretsSet?: readonly string[];
  /** Current generations of the system's secrets. @default - the first of each */
  readonly generations?: Generations;
  /** Whether dumps of datastores in a cluster are encrypted. @default false */
  readonly encryptsDumps?: boolean;
  /** Log driver of Compose. @default - rotated files on this machine */
  readonly logging?: Logging;
  /** Active profiles. Target compose only. @default [] */
  readonly profiles?: readonly string[] | "all";
  /** Services of a profile, and optional services, that this machine cannot run. @default [] */
  readonly skippedServices?: readonly string[];
  /** Archives the WAL of PostgreSQL in containers. @default - no archive */
  readonly pointInTime?: PlanPointInTime;
  /** Target compose: adds exporters and an agent. @default - metrics are not collected */
  readonly monitoring?: PlanMonitoring;
}
