/** Objects of GKE's own kinds that make an Ingress safe to use. */
export interface GkeIngressSpecArgs<T> {
  /** Name of all objects. */
  name: string;
  namespace: string;
  /** Host names of the certificate. */
  hosts: readonly string[];
  /** Name of the SSL policy. */
  sslPolicy: T;
}

export function gkeIngressSpec<T>({ name, namespace, hosts, sslPolicy }: GkeIngressSpecArgs<T>) {
  const metadata = { name, namespace };
  return {
    certificate: {
      apiVersion: "networking.gke.io/v1",
      kind: "ManagedCertificate",
      metadata,
      spec: { domains: [...hosts] },
    },
    frontend: {
      apiVersion: "networking.gke.io/v1beta1",
      kind: "FrontendConfig",
      metadata,
      spec: {
        sslPolicy,
        redirectToHttps: { enabled: true, responseCodeName: "MOVED_PERMANENTLY_DEFAULT" },
      },
    },
  };
}

export interface BackendSpecArgs {
  name: string;
  namespace: string;
  /** What the load balancer asks before it sends requests. */
  health: { path: string; port: number; intervalSeconds: number; timeoutSeconds: number; failures: number };
  /** Longest time of a request in seconds: an assistant's answer takes a while. @default 120 */
  timeoutSeconds?: number;
}

/** Headers that every answer carries, whatever the service says. */
const SECURITY_HEADERS = [
  "Strict-Transport-Security: max-age=31536000; includeSubDomains",
  "X-Content-Type-Options: nosniff",
  "Referrer-Policy: strict-origin-when-cross-origin",
];

/** How the load balancer treats one service. */
export function backendSpec({ name, namespace, health, timeoutSeconds = 120 }: BackendSpecArgs) {
  return {
    apiVersion: "cloud.google.com/v1",
    kind: "BackendConfig",
    metadata: { name, namespace },
    spec: {
      timeoutSec: timeoutSeconds,
      connectionDraining: { drainingTimeoutSec: 30 },
      healthCheck: {
        type: "HTTP",
        requestPath: health.path,
        port: health.port,
        checkIntervalSec: health.intervalSeconds,
        timeoutSec: Math.min(health.timeoutSeconds, health.intervalSeconds),
        unhealthyThreshold: health.failures,
        healthyThreshold: 1,
      },
      customResponseHeaders: { headers: SECURITY_HEADERS },
      logging: { enable: true, sampleRate: 1 },
    },
  };
}
