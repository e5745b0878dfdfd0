import { random } from "../../../offline/random";
import { serve as serveOffline } from "../../../offline/server";
import { repoRoot } from "../../paths";
import { imageBuilds } from "./image-builds";
import { kubernetesProvider, type KubernetesOptions } from "./kubernetes";
import { serve } from "./server";

export interface LabOptions extends KubernetesOptions {
  /** Folder of the project: paths of images' sources are relative to it. @default - this repository */
  readonly root?: string;
}

export interface LabProviders {
  /** To be added to the environment of the Pulumi CLI. */
  readonly env: { readonly PULUMI_DEBUG_PROVIDERS: string };
  close(): void;
}

/**
 * Starts stand-ins for the plugins that a deployment to a cluster uses, in this process: Kubernetes, image builds and
 * random values. They do the real work, against a real API server and a real registry. For the lab and tests only.
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
