import { dockerBuild } from "./docker-build";
import { gcp } from "./gcp";
import { kubernetes } from "./kubernetes";
import type { Planner, Subject } from "./planner";
import { random } from "./random";
import { serve } from "./server";

const PLANNERS: readonly Planner[] = [dockerBuild, gcp, kubernetes, random];

export interface OfflineOptions {
  /**
   * Simulates create, update and delete with assumed outputs, so that tests can run the engine through several
   * updates. @default false
   */
  readonly allowApply?: boolean;
  /** With allowApply: the error of creating or updating a resource, or undefined. @default - no errors */
  readonly breaks?: (subject: Subject) => string | undefined;
}

export interface OfflineProviders {
  /** Environment variables for the Pulumi CLI. */
  readonly env: { readonly PULUMI_DEBUG_PROVIDERS: string };
  /** Assumptions of a preview with these providers, as sentences. */
  readonly assumptions: readonly string[];
  close(): void;
}

/**
 * Starts planning providers for Google Cloud, Kubernetes, image builds and random values in this process. The engine
 * uses them in place of the real plugins. They need no account, credentials, cluster or network, and refuse to apply
 * anything.
 */
export async function startOfflineProviders({
  allowApply = false,
  breaks,
}: OfflineOptions = {}): Promise<OfflineProviders> {
  const running = await Promise.all(
    PLANNERS.map(async (planner) => ({ planner, provider: await serve(planner, { allowApply, breaks }) })),
  );
  return {
    env: {
      PULUMI_DEBUG_PROVIDERS: running
        .map(({ planner, provider }) => `${planner.package}:${provider.port}`)
        .join(","),
    },
    assumptions: PLANNERS.flatMap((planner) => planner.assumptions),
    close: () => {
      for (const { provider } of running) {
        provider.close();
      }
    },
  };
}
