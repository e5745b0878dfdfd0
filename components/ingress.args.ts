/** The GKE objects that configure an Ingress: certificate, redirect, TLS policy, health checks and headers. */
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
  /** Health check of the load balancer. */
  health: { path: string; port: number; intervalSeconds: number; timeoutSeconds: number; failures: number };
  /** Time limit of a request or WebSocket connection, in seconds. @default 120 */
  timeoutSeconds?: number;
}

/** A path and its rate limit per client. */
export interface LimitedPath {
  path: string;
  /** @default - any number */
  limit?: { requests: number; seconds: 1 | 60; burst: number };
}

/** Headers that the load balancer adds to every response. */
const SECURITY_HEADERS = [
  "Strict-Transport-Security: max-age=31536000; includeSubDomains",
  "X-Content-Type-Options: nosniff",
  "Referrer-Policy: strict-origin-when-cross-origin",
];

/** BackendConfig of one service. */
export function backendSpec<T = string>({
  name,
  namespace,
  health,
  timeoutSeconds = 120,
  securityPolicy,
}: BackendSpecArgs & { /** Name of a Cloud Armor policy. @default - none */ securityPolicy?: T }) {
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
      // The empty name detaches a policy. Without it, GKE keeps the one attached before (ingress-gce#2209).
      securityPolicy: { name: securityPolicy ?? "" },
    },
  };
}

/**
 * Rules of a Cloud Armor policy, the longest path first. Cloud Armor counts per 10 or 60 seconds: within that interval
 * a client may send the sum of rate and burst.
 */
export function limitRules(paths: readonly LimitedPath[]) {
  const rules = paths.map(({ path, limit }, index) => {
    const match = { expr: { expression: pathExpression(path) } };
    const priority = 1000 + index;
    if (!limit) {
      return { priority, action: "allow", match, description: `${path}: without a limit` };
    }
    const { requests, seconds, burst } = limit;
    const intervalSec = Math.max(10, seconds);
    return {
      priority,
      action: "throttle",
      match,
      description: `${path}: ${requests} requests per ${seconds === 1 ? "second" : "minute"} and client`,
      rateLimitOptions: {
        conformAction: "allow",
        exceedAction: "deny(429)",
        enforceOnKey: "IP",
        rateLimitThreshold: { count: (requests * intervalSec) / seconds + burst, intervalSec },
      },
    };
  });
  return [
    ...rules,
    {
      priority: 2_147_483_647,
      action: "allow",
      match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } },
      description: "everything else",
    },
  ];
}

/** Matches a path and every path below it, like the Ingress path type Prefix. */
function pathExpression(path: string): string {
  const prefix = path.replace(/\/+$/, "");
  return prefix === "" ? "true" : `request.path == '${prefix}' || request.path.startsWith('${prefix}/')`;
}
