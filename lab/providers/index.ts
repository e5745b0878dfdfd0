import { random } from "../../offline/random";
import { serve as serveOffline } from "../../offline/server";
import { repoRoot } from "../../tools/paths";
import { imageBuilds } from "./image-builds";
import { kubernetesProvider, type KubernetesOptions } from "./kubernetes";
import { serve } from "./server";

export interface LabOptions extends KubernetesOptions {
  /** Root of the project, the base of image source paths. @default - this repository */
  readonly root?: string;
}

export interface LabProviders {
  /** Variables to add to the environment of the Pulumi CLI. */
  readonly env: { readonly PULUMI_DEBUG_PROVIDERS: string };
  close(): void;
}

/**
 * Starts stand-ins in this process for the plugins of a cluster deployment: Kubernetes, image builds and random
 * values. They use a real API server and a real registry. For the lab and tests only.
 */
export async function startLabProviders(options: LabOptions = {}): Promise<LabProviders> {
  const [kubernetes, images, values] = await Promise.all([
    serve(kubernetesProvider(options)),
    serve(imageBuilds(options.root ?? repoRoot())),
    serveOffline(random, { allowApply: true }),
  ]);
  return {
    env: {
      PULUMI_DEBUG_PROVIDERS: `kubernetes:${kubernetes.port},docker-build:${images.port},random:${values.port}`,
    },
    close: () => {
      for (const provider of [kubernetes, images, values]) {
        provider.close();
      }
    },
  };
}
