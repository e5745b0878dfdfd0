import { createHash } from "node:crypto";
import { CORS_METHODS, CORS_REQUEST_HEADERS } from "../../catalog/plan/routes";
import type { PlannedRoute } from "../../catalog/plan/types";
import { namespaced, type Context } from "./context";
import type { KubernetesObject, Node } from "./types";

/**
 * Renders the system's routes as Ingresses under its host name, with TLS. Returns nothing for a system without routes.
 * Annotations apply to a whole Ingress, so on a cluster with ingress-nginx a route with options has its own. On Google
 * Cloud the load balancer's own objects contain the options.
 */
export function renderIngress<T>(context: Context<T>): KubernetesObject<T>[] {
  const { plan } = context;
  const special = plan.target === "kubernetes" ? plan.routes.filter(hasOptions) : [];
  const plain = plan.routes.filter((route) => !special.includes(route));
  return [
    ...(plain.length > 0 ? [ingress(context, plan.system, plain, {})] : []),
    ...special.map((route) =>
      ingress(context, `${plan.system}-${slug(route.path)}`, [route], nginxAnnotations(route)),
    ),
  ];
}

function ingress<T>(
  context: Context<T>,
  name: string,
  routes: readonly PlannedRoute[],
  own: Readonly<Record<string, string>>,
): KubernetesObject<T> {
  const { plan, options } = context;
  const { className, tlsSecret = `${plan.system}-tls` } = options.ingress ?? {};
  const annotations = { ...own, ...options.ingress?.annotations };
  const spec: Record<string, Node<T>> = {
    ...(className !== undefined && { ingressClassName: className }),
    ...(plan.host !== undefined &&
      tlsSecret !== null && { tls: [{ hosts: [plan.host], secretName: tlsSecret }] }),
    rules: [{ ...(plan.host !== undefined && { host: plan.host }), http: { paths: routes.map(pathOf) } }],
  };
  const object = namespaced(context, "networking.k8s.io/v1", "Ingress", name, { spec });
  return Object.keys(annotations).length > 0
    ? { ...object, metadata: { ...object.metadata, annotations } }
    : object;
}

function pathOf({ path, workload, port }: PlannedRoute) {
  return { path, pathType: "Prefix", backend: { service: { name: workload, port: { number: port } } } };
}

function hasOptions(route: PlannedRoute): boolean {
  return Object.keys(nginxAnnotations(route)).length > 0;
}

/**
 * Returns a readable and unique name for a path: `/api/v1` is `api-v1-1f2e3d`, which differs from that of `/api-v1`.
 */
function slug(path: string): string {
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 6);
  const words = path
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return words === "" ? hash : `${words}-${hash}`;
}

/**
 * Returns a route's options as ingress-nginx annotations. The controller answers rate-limited requests with 503 unless
 * configured to answer 429.
 */
function nginxAnnotations({ rateLimit, corsOrigins, bodyLimit, websocket }: PlannedRoute) {
  const annotations: Record<string, string> = {
    ...(rateLimit && {
      [rateLimit.seconds === 1 ? "limit-rps" : "limit-rpm"]: String(rateLimit.requests),
      // The controller expects a multiple of the rate, so the burst is rounded up to at least the rate.
      "limit-burst-multiplier": String(Math.max(1, Math.ceil(rateLimit.burst / rateLimit.requests))),
    }),
    ...(corsOrigins && {
      "enable-cors": "true",
      "cors-allow-origin": corsOrigins.join(", "),
      "cors-allow-methods": CORS_METHODS,
      "cors-allow-headers": CORS_REQUEST_HEADERS,
      "cors-allow-credentials": "false",
      "cors-expose-headers": "X-Request-Id, Retry-After",
      "cors-max-age": "600",
    }),
    ...(bodyLimit !== undefined && {
      "proxy-body-size": String(bodyLimit),
      "proxy-request-buffering": "off",
    }),
    ...(websocket && { "proxy-read-timeout": "3600", "proxy-send-timeout": "3600" }),
  };
  return Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
  );
}
