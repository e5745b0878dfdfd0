import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../catalog/plan/types";
import type { GkeCluster } from "../components/cluster";
import { kubernetesObject } from "../components/kubernetes-object";
import { alertmanagerConfiguration } from "../render/monitoring/configuration";
import { cloudDashboardJson } from "../render/monitoring/dashboards/cloud-monitoring";
import { clusterRules, podMonitorings, useRules } from "../render/monitoring/google";

/** Scrape interval in seconds, as on one machine. */
const SCRAPE_SECONDS = 15;
/** Duration of a failure before its alert fires. */
const DELAY = "2m";

/**
 * Makes Google Managed Prometheus scrape the pods of a system.
 * @param dependsOn its workloads: a webhook checks the objects, and its pods have no node before a cluster's first workload
 */
export function collectMetrics(plan: Plan, parent: pulumi.Resource, dependsOn: pulumi.Resource[]): void {
  for (const object of podMonitorings(plan, SCRAPE_SECONDS)) {
    kubernetesObject(`${plan.system}-${object.metadata.name}-pod-monitoring`, object, { parent, dependsOn });
  }
}

/** Creates the Cloud Monitoring dashboard of a system. */
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
 * Creates the alerts of all systems of a cluster. Managed Prometheus sends them to its Alertmanager, which reads its
 * configuration from a Secret with a fixed name.
 * @param dependsOn workloads of the cluster, as in `collectMetrics`
 */
export function watchCluster(
  cluster: GkeCluster,
  dependsOn: pulumi.Resource[],
  webhook?: pulumi.Output<string>,
): void {
  const options = { parent: cluster, provider: cluster.provider, dependsOn };
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
