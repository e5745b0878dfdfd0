import type { BuildSource } from "../types";
import { planResources } from "./resources";
import { containerOf } from "./store";
import type { PlannedImage, PlannedProbe, Workload } from "./types";

/** User ID of the Prometheus project's images. */
export const NOBODY = 65534;

/** Build of the exporters for which no suitable public image exists. */
export const exportersImage: BuildSource = {
  kind: "build",
  context: "services/monitoring/exporters",
  dockerfile: "Dockerfile",
  contexts: { shared: { kind: "folder", path: "services/shared/python" } },
};

/** A container that exports a datastore's metrics in Prometheus' format. */
export interface Exporter {
  readonly image: PlannedImage;
  readonly workload: Workload;
}

/** The parts of an exporter's container that differ between exporters. */
export interface ExporterDescription {
  /** Name of the workload whose metrics it exports. */
  readonly of: string;
  readonly image: Omit<PlannedImage, "name">;
  readonly port: number;
  /**
   * Paths on its port that return 200 to 399. They differ per exporter. Undefined if no program in the image can send a
   * request; the scrape then shows whether the exporter works.
   */
  readonly health: { readonly live: string; readonly ready: string } | undefined;
  readonly container: Partial<Workload>;
}

export function exporter({ of, image, port, health, container }: ExporterDescription): Exporter {
  const name = `${of}-exporter`;
  const probe = (path: string): PlannedProbe => ({
    check: { kind: "http", path, port },
    intervalSeconds: 15,
    timeoutSeconds: 5,
    failures: 3,
  });
  return {
    image: { name, ...image },
    workload: {
      ...containerOf(name, name, image.user),
      kind: "service",
      ports: [{ name: "metrics", port }],
      metrics: { port, path: "/metrics" },
      probes: {
        startupSeconds: 30,
        ...(health && { live: probe(health.live), ready: probe(health.ready) }),
      },
      resources: planResources({ cpu: ["10m", "250m"], memory: ["24Mi", "96Mi"] }),
      writable: [],
      ...container,
    },
  };
}
