/** Metrics of GKE, and the alerts that must fire ten minutes later. In promtool's notation. */
export interface ClusterCase {
  readonly name: string;
  readonly series: Readonly<Record<string, string>>;
  readonly expr: string;
  readonly expected: readonly { readonly labels: string; readonly value: number }[];
}

const of = (service: string) => `{system="shop", service="${service}"}`;
const firing = (name: string, severity: string, service: string) => ({
  labels: `ALERTS{alertname="${name}", alertstate="firing", severity="${severity}", system="shop", service="${service}"}`,
  value: 1,
});
const deployment = (metric: string, name = "web") =>
  `kube_deployment_${metric}{namespace="shop", deployment="${name}"}`;
const phase = (pod: string, name: string) =>
  `kube_pod_status_phase{namespace="shop", pod="${pod}", phase="${name}"}`;
const google = (name: string, of: string, cluster = "shop-1") =>
  `kubernetes_io:${name}{cluster_name="${cluster}", namespace_name="shop", ${of}}`;
const container = 'monitored_resource="k8s_container", container_name="web"';
const pod = (name: string) => `monitored_resource="k8s_pod", pod_name="${name}"`;
const held = ', memory_type="non-evictable"';

export const CLUSTER_CASES: readonly ClusterCase[] = [
  {
    name: "a Deployment and a StatefulSet that are as they should be, and one that is rolled out",
    series: {
      [deployment("spec_replicas")]: "2x60",
      [deployment("status_replicas_available")]: "3x60",
      'kube_statefulset_replicas{namespace="shop", statefulset="db"}': "1x60",
      'kube_statefulset_status_replicas_ready{namespace="shop", statefulset="db"}': "1x60",
      'kube_pod_container_status_waiting_reason{namespace="shop", container="web", reason="ContainerCreating"}':
        "1x60",
    },
    expr: "service:containers_unready:count + service:containers_down:count or ALERTS",
    expected: [
      { labels: of("db"), value: 0 },
      { labels: of("web"), value: 0 },
    ],
  },
  {
    name: "a pod that is not available",
    series: { [deployment("spec_replicas")]: "2x60", [deployment("status_replicas_available")]: "1x60" },
    expr: "ALERTS",
    expected: [firing("ContainerUnready", "critical", "web")],
  },
  {
    name: "a container that does not start",
    series: {
      [deployment("spec_replicas")]: "1x60",
      'kube_pod_container_status_waiting_reason{namespace="shop", container="web", reason="ImagePullBackOff"}':
        "1x60",
    },
    expr: "ALERTS",
    expected: [firing("ContainerDown", "critical", "web")],
  },
  {
    name: "a Job that failed, one that did better the second time, and a pod that was moved",
    series: {
      [deployment("spec_replicas")]: "1x60",
      [phase("migrate-232a1df55f-x2x4z", "Failed")]: "1x60",
      [phase("migrate-232a1df55f-x2x4z", "Succeeded")]: "0x60",
      [phase("db-roles-0caa2593a6-b7kqp", "Failed")]: "1x60",
      [phase("db-roles-0caa2593a6-c9wzd", "Succeeded")]: "1x60",
      [phase("web-6c5d7f8b9c-x2x4z", "Failed")]: "1x60",
      [phase("db-0", "Running")]: "1x60",
    },
    expr: "ALERTS",
    expected: [firing("JobFailed", "critical", "migrate")],
  },
  {
    name: "restarts of this cluster's containers, not of another one's",
    series: {
      [google("container_restart_count", container)]: "0+1x60",
      [google("container_restart_count", container.replace("web", "api"), "other")]: "0+1x60",
    },
    expr: "ALERTS",
    expected: [firing("ContainerRestarting", "warning", "web")],
  },
  {
    name: "the fullest of a service's containers",
    series: {
      [google("container_memory_limit_utilization", `${container}${held}, pod_name="a"`)]: "0.2x60",
      [google("container_memory_limit_utilization", `${container}${held}, pod_name="b"`)]: "0.5x60",
      [google("container_memory_limit_utilization", `${container}, memory_type="evictable", pod_name="a"`)]:
        "0.4x60",
      [google("container_cpu_limit_utilization", container)]: "0.25x60",
    },
    expr: "service:memory_saturation:ratio + service:cpu_saturation:ratio_rate5m",
    expected: [{ labels: of("web"), value: 0.75 }],
  },
  {
    name: "what pods use together, whatever controls them",
    series: {
      [google("container_cpu_core_usage_time", `${container}, pod_name="a"`)]: "0+15x60",
      [google("container_memory_used_bytes", `${container}${held}, pod_name="a"`)]: "4x60",
      [google("pod_network_received_bytes_count", pod("web-6c5d7f8b9c-x2x4z"))]: "0+15x60",
      [google("pod_network_received_bytes_count", pod("web-6c5d7f8b9c-b7kqp"))]: "0+15x60",
      [google("pod_network_sent_bytes_count", pod("web-6c5d7f8b9c-x2x4z"))]: "0+15x60",
      [google("pod_network_sent_bytes_count", pod("ml-pipeline-0"))]: "0+30x60",
    },
    expr: [
      "service:cpu_cores:rate5m + service:memory_bytes:sum + service:network_receive_bytes:rate5m",
      "or 1 * service:network_transmit_bytes:rate5m",
    ].join(" "),
    expected: [
      { labels: of("ml-pipeline"), value: 2 },
      { labels: of("web"), value: 7 },
    ],
  },
];
