import { dockerBuild } from "./docker-build";
import { gcp } from "./gcp";
import { kubernetes } from "./kubernetes";
import type { Planner, Subject } from "./planner";
import { random } from "./random";
import { serve } from "./server";

const PLANNERS: readonly Planner[] = [dockerBuild, gcp, kubernetes, random];

export interface OfflineOptions {
  /**
   * Lets create, update and delete pretend to happen, with assumed outputs, so that a test can follow the engine
   * through several updates. @default false
   */
  readonly allowApply?: boolean;
  /** With allowApply: why creating or updating a resource fails; undefined where it does not. @default - nothing fails */
  readonly breaks?: (subject: Subject) => string | undefined;
}

export interface OfflineProviders {
  /** To be added to the environment of the Pulumi CLI. */
  readonly env: { readonly PULUMI_DEBUG_PROVIDERS: string };
  /** What a preview over these providers takes for granted, as sentences. */
  readonly assumptions: readonly string[];
  close(): void;
}

/**
 * Starts planning-only providers for Google Cloud, Kubernetes, image builds and random values in this process.
 * The engine talks to them as if they were the real plugins; they need no account, no credentials, no cluster and
 * no network, and refuse to apply anything.
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
