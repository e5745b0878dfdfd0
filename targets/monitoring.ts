import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../catalog/plan/types";
import type { GkeCluster } from "../components/cluster";
import { kubernetesObject } from "../components/kubernetes-object";
import { alertmanagerConfiguration } from "../render/monitoring/configuration";
import { cloudDashboardJson } from "../render/monitoring/dashboards/cloud-monitoring";
import { clusterRules, podMonitorings, useRules } from "../render/monitoring/google";

/** Seconds between two looks at a pod, as on one machine. */
const SCRAPE_SECONDS = 15;
/** Duration of a failure before its alert fires. */
const DELAY = "2m";

/** Lets Google Managed Prometheus ask the pods of a system for their metrics. */
export function collectMetrics(plan: Plan, parent: pulumi.Resource, dependsOn: pulumi.Resource[]): void {
  for (const object of podMonitorings(plan, SCRAPE_SECONDS)) {
    kubernetesObject(`${plan.system}-${object.metadata.name}-pod-monitoring`, object, { parent, dependsOn });
  }
}

/** What a system does, on one page of Cloud Monitoring. */
export function showMetrics(
  { system }: Plan,
  { project, stack, cluster }: { project: string; stack: string; cluster: GkeCluster },
  parent: pulumi.Resource,
): void {
  const dashboardJson = cluster.cluster.name.apply((name) =>
    cloudDashboardJson({ system, stack, cluster: name }),
  );
  new gcp.monitoring.Dashboard(`${system}-dashboard`, { project, dashboardJson }, { parent });
}

/**
 * The alerts of all systems of a cluster. Managed Prometheus gives them to the Alertmanager that it runs there, which
 * reads its configuration from a Secret of a fixed name.
 */
export function watchCluster(cluster: GkeCluster, webhook?: pulumi.Output<string>): void {
  const options = { parent: cluster, provider: cluster.provider };
  kubernetesObject("cluster-rules", clusterRules(DELAY), options);
  const name = cluster.cluster.name;
  const use = { ...useRules(""), spec: name.apply((known) => useRules(known).spec) };
  kubernetesObject("use-rules", use, options);
  if (webhook) {
    const configuration = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "alertmanager", namespace: "gmp-public" },
      stringData: { "alertmanager.yaml": webhook.apply((url) => alertmanagerConfiguration({ url })) },
    };
    kubernetesObject("alertmanager-configuration", configuration, options);
  }
}
