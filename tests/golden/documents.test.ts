import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { join } from "node:path";
import { planSystem, type PlannedImage } from "../../catalog/plan";
import { DEFAULT_SCRAPE_SECONDS } from "../../catalog/plan/monitoring";
import { renderCompose } from "../../render/compose";
import { renderKubernetes } from "../../render/kubernetes";
import { cloudDashboardJson } from "../../render/monitoring/dashboards/cloud-monitoring";
import { clusterRules, podMonitorings, useRules } from "../../render/monitoring/google";
import { loadStack, planSettings } from "../../settings";
import { systems } from "../../stacks";
import { yamlStream, yamlText } from "../../yaml/write";
import { matchesGolden } from "../support/golden";

const root = join(__dirname, "..", "..");

/** Tags follow the sources; here a fixed one stands for them. */
const imageReference = (system: string) => (image: PlannedImage) =>
  image.source.kind === "build" ? `${system}/${image.name}:src-000000000000` : image.source.reference;

for (const definition of Object.values(systems)) {
  const { name } = definition;
  const secretsSet = definition.secrets.map((secret) => secret.name);

  describe(`Documents of ${name}`, () => {
    for (const environment of ["local", "dev", "test", "staging", "prod"] as const) {
      it(`for Compose in ${environment} equal the golden files`, () => {
        const plan = planSystem(definition, {
          environment,
          target: "compose",
          secretsSet,
          profiles: "all",
          // As stacks of these environments have it.
          ...(["staging", "prod"].includes(environment) && { monitoring: { scrapeSeconds: 15 } }),
        });
        const { document, files } = renderCompose(plan, {
          project: `${name}-${environment}`,
          edgePort: 8080,
          imageReference: imageReference(name),
          sharedNetwork: (shared) => `monitoring-${environment}_${shared}`,
        });
        const folder = `tests/golden/expected/${name}/compose-${environment}`;
        matchesGolden(`${folder}/compose.yaml`, yamlText(document));
        for (const [path, content] of Object.entries(files)) {
          matchesGolden(`${folder}/${path}`, content);
        }
      });
    }

    const onClusters = definition.targets?.includes("kubernetes") ?? true;
    for (const stack of onClusters ? ["dev", "staging", "prod"] : []) {
      it(`for Kubernetes in ${stack} equal the golden files`, () => {
        const settings = loadStack(root, stack, systems);
        const plan = planSystem(definition, { ...planSettings(settings, name), secretsSet });
        const objects = renderKubernetes<string>(plan, {
          imageReference: imageReference(name),
          datastoreRange: () => "192.0.2.1/32",
          resolver: {
            secret: (secret) => `<secret ${secret}>`,
            host: () => "192.0.2.1",
            text: (parts) => parts.join(""),
          },
        });
        matchesGolden(`tests/golden/expected/${name}/kubernetes-${stack}.yaml`, yamlStream(objects));
        if (stack === "prod") {
          const monitored = podMonitorings(plan, DEFAULT_SCRAPE_SECONDS);
          matchesGolden(`tests/golden/expected/${name}/pod-monitoring-${stack}.yaml`, yamlStream(monitored));
        }
      });
    }
  });
}

describe("Documents of a rotation", () => {
  it("show jobs and users of a database with second-generation passwords", () => {
    const { todo } = systems;
    const settings = loadStack(root, "prod", systems);
    const generations = { "db-admin-password": { number: 2 }, "db-app-password": { number: 2 } };
    const plan = planSystem(todo ?? assert.fail(), {
      ...planSettings(settings, "todo"),
      secretsSet: ["openai-api-key"],
      generations,
    });
    const objects = renderKubernetes<string>(plan, {
      imageReference: imageReference("todo"),
      datastoreRange: () => "192.0.2.1/32",
      resolver: {
        secret: (secret) => `<secret ${secret}>`,
        host: () => "192.0.2.1",
        text: (parts) => parts.join(""),
      },
    }).filter(
      ({ kind, metadata }) =>
        ["ConfigMap", "Job", "Secret"].includes(kind) &&
        ["backend", "db-retire", "db-roles"].includes(metadata.labels["app.kubernetes.io/name"] ?? ""),
    );
    matchesGolden("tests/golden/expected/todo/rotated-kubernetes-prod.yaml", yamlStream(objects));
  });
});

describe("Documents for all systems of a cluster", () => {
  it("include a dashboard for Cloud Monitoring", () => {
    matchesGolden(
      "tests/golden/expected/monitoring/cloud-dashboard.json",
      `${cloudDashboardJson({ system: "todo", stack: "prod", cluster: "platform-cluster-gke" })}\n`,
    );
  });

  it("include rules for Google Managed Prometheus", () => {
    matchesGolden("tests/golden/expected/monitoring/cluster-rules.yaml", yamlText(clusterRules("2m")));
    matchesGolden(
      "tests/golden/expected/monitoring/use-rules.yaml",
      yamlText(useRules("platform-cluster-gke")),
    );
  });
});
