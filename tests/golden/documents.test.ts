import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DEFAULT_SCRAPE_SECONDS } from "../../catalog/plan/monitoring";
import { cloudDashboardJson } from "../../render/monitoring/dashboards/cloud-monitoring";
import { clusterRules, podMonitorings, useRules } from "../../render/monitoring/google";
import { systems } from "../../stacks";
import { yamlStream, yamlText } from "../../yaml/write";
import { documentDifferences } from "../support/document-differences";
import { matchesGolden } from "../support/golden";
import { matchesGoldenSet } from "../support/golden-set";
import {
  composeDocuments,
  kubernetesObjects,
  planOfStack,
  runsOnClusters,
} from "../support/rendered-documents";

const ORDER = ["prod", "staging", "dev", "test", "local"] as const;

for (const definition of Object.values(systems)) {
  const { name } = definition;

  describe(`Documents of ${name}`, () => {
    it("for Compose equal the golden files in every environment", () => {
      matchesGoldenSet({
        folder: `tests/golden/expected/${name}/compose`,
        system: name,
        documents: new Map(
          ORDER.map((environment) => [environment, composeDocuments(definition, environment)]),
        ),
      });
    });

    if (!runsOnClusters(definition)) {
      return;
    }
    it("for Kubernetes equal the golden files in every stack", () => {
      const documents = (stack: string) =>
        new Map([["objects.yaml", yamlStream(kubernetesObjects(planOfStack(definition, stack)))]]);
      matchesGoldenSet({
        folder: `tests/golden/expected/${name}/kubernetes`,
        system: name,
        documents: new Map(["prod", "staging", "dev"].map((stack) => [stack, documents(stack)])),
      });
    });

    it("for Managed Prometheus equal the golden file", () => {
      const monitored = podMonitorings(planOfStack(definition, "prod"), DEFAULT_SCRAPE_SECONDS);
      matchesGolden(`tests/golden/expected/${name}/pod-monitoring.yaml`, yamlStream(monitored));
    });
  });
}

describe("Documents of a rotation", () => {
  it("differ in the jobs and the users of a database with second-generation passwords", () => {
    const todo = systems["todo"] ?? assert.fail();
    const generations = { "db-admin-password": { number: 2 }, "db-app-password": { number: 2 } };
    const [before, after] = [{}, { generations }].map(
      (options) =>
        new Map([["objects.yaml", yamlStream(kubernetesObjects(planOfStack(todo, "prod", options)))]]),
    );
    matchesGolden(
      "tests/golden/expected/todo/rotated-kubernetes.diff",
      documentDifferences(before ?? assert.fail(), after ?? assert.fail()),
    );
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
