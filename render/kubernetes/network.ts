import { isIP } from "node:net";
import { compareText } from "../../base/problems";
import type { Connection, Workload } from "../../catalog/plan/types";
import { metadataOf, namespaced, type Context } from "./context";
import { PREFIX, selectorOf } from "./names";
import type { EdgeSource, KubernetesObject, Node } from "./types";

/** Source ranges of Google's load balancers and their health checks. */
export const GOOGLE_FRONT_END_RANGES = ["35.191.0.0/16", "130.211.0.0/22"] as const;

/** Address ranges without public hosts: private, shared and link-local, including the cloud's metadata server. */
const PRIVATE_RANGES = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
const PRIVATE_RANGES_6 = ["fc00::/7", "fe80::/10"];

const DEFAULT_EDGE: EdgeSource = { namespace: "ingress-nginx" };
const NODE_LOCAL_DNS = ["169.254.20.10/32"];

/** Denies all traffic in the namespace that no other policy allows. */
export function renderDefaultDeny<T>(context: Context<T>): KubernetesObject<T> {
  const spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
  return namespaced(context, "networking.k8s.io/v1", "NetworkPolicy", "default-deny", { spec });
}

/** Allows the workload's clients in, and the workload out to the targets of its references, per port. */
export function renderNetworkPolicy<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  const hosts = workload.egress.map(({ host, port }) => `${host}:${port}`);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadataOf(
      context,
      workload,
      workload.name,
      // A NetworkPolicy cannot name hosts, so it opens their ports to all public addresses. The annotation records the
      // hosts.
      hosts.length > 0 ? { [`${PREFIX}/egress-hosts`]: hosts.join(",") } : undefined,
    ),
    spec: {
      podSelector: { matchLabels: selectorOf(context.plan, workload.name) },
      policyTypes: ["Ingress", "Egress"],
      ingress: ingressRules(context, workload),
      egress: egressRules(context, workload),
    },
  };
}

function ingressRules<T>(context: Context<T>, { clients, metrics }: Workload): Node<T>[] {
  const { edge = DEFAULT_EDGE, monitoringNamespace } = context.options;
  const peers = new Map<number, Node<T>[]>();
  const allow = (port: number, from: readonly Node<T>[]) => {
    peers.set(port, [...(peers.get(port) ?? []), ...from]);
  };
  for (const { from, port } of clients) {
    allow(port, from === "edge" ? edgePeers(edge) : [podsOf(context, from)]);
  }
  if (metrics && monitoringNamespace !== undefined) {
    allow(metrics.port, [{ namespaceSelector: namespaceNamed(monitoringNamespace) }]);
  }
  return [...peers].sort(([a], [b]) => a - b).map(([port, from]) => ({ from, ports: [tcp(port)] }));
}

function egressRules<T>(context: Context<T>, { connects, egress, roles }: Workload): Node<T>[] {
  if (connects.length === 0 && egress.length === 0) {
    return [];
  }
  return [
    dnsRule(context),
    ...connects.map((connection) => ({ to: [peerOf(context, connection)], ports: [tcp(connection.port)] })),
    ...(roles ? (context.options.tokenServers ?? []) : []).map(({ cidr, port }) => ({
      to: [{ ipBlock: { cidr } }],
      ports: [tcp(port)],
    })),
    ...hostRules(egress),
  ];
}

function peerOf<T>(context: Context<T>, connection: Connection): Node<T> {
  if (connection.to === "workload") {
    return podsOf(context, connection.workload);
  }
  const { options } = context;
  const { datastore } = connection;
  const cidr =
    options.datastoreRange?.(datastore) ?? options.resolver.text([options.resolver.host(datastore), "/32"]);
  return { ipBlock: { cidr } };
}

/** Returns the egress rules: IP addresses exactly, host names as all public addresses at their port. */
function hostRules(egress: Workload["egress"]): Node<never>[] {
  const addresses = egress.filter(({ host }) => isIP(host) !== 0);
  const ports = [...new Set(egress.filter(({ host }) => isIP(host) === 0).map(({ port }) => port))];
  const rules: Node<never>[] = [...addresses]
    .sort((a, b) => compareText(a.host, b.host) || a.port - b.port)
    .map(({ host, port }) => ({
      to: [{ ipBlock: { cidr: `${host}/${isIP(host) === 4 ? 32 : 128}` } }],
      ports: [tcp(port)],
    }));
  if (ports.length > 0) {
    rules.push({
      to: [
        { ipBlock: { cidr: "0.0.0.0/0", except: PRIVATE_RANGES } },
        { ipBlock: { cidr: "::/0", except: PRIVATE_RANGES_6 } },
      ],
      ports: ports.sort((a, b) => a - b).map(tcp),
    });
  }
  return rules;
}

function dnsRule<T>({ options }: Context<T>): Node<T> {
  const names = { key: "k8s-app", operator: "In", values: ["kube-dns", "node-local-dns"] };
  return {
    to: [
      { namespaceSelector: namespaceNamed("kube-system"), podSelector: { matchExpressions: [names] } },
      ...(options.dnsRanges ?? NODE_LOCAL_DNS).map((cidr) => ({ ipBlock: { cidr } })),
    ],
    ports: [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ],
  };
}

function edgePeers(edge: EdgeSource): Node<never>[] {
  if ("ranges" in edge) {
    return edge.ranges.map((cidr) => ({ ipBlock: { cidr } }));
  }
  const { namespace, podLabels } = edge;
  const namespaceSelector = namespaceNamed(namespace);
  return [podLabels ? { namespaceSelector, podSelector: { matchLabels: podLabels } } : { namespaceSelector }];
}

function podsOf<T>({ plan }: Context<T>, workload: string): Node<never> {
  return { podSelector: { matchLabels: selectorOf(plan, workload) } };
}

function namespaceNamed(name: string) {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

function tcp(port: number) {
  return { port, protocol: "TCP" };
}
