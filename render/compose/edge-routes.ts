import { CORS_METHODS, CORS_REQUEST_HEADERS } from "../../catalog/plan/routes";
import type { PlannedRoute } from "../../catalog/plan/types";
import { nginxText } from "./escape";

/** Errors of the proxy itself. Errors of services pass unchanged. */
const PROBLEMS: readonly (readonly [status: number, title: string, detail: string])[] = [
  [404, "Not Found", "Nothing is served at this path."],
  [413, "Content Too Large", "The body of this request is larger than the path takes."],
  [429, "Too Many Requests", "More requests than this path takes from one client. Wait, then try again."],
  [500, "Internal Server Error", "The proxy could not handle this request."],
  [502, "Bad Gateway", "The service behind this path does not answer. Try again in a moment."],
  [503, "Service Unavailable", "The service behind this path is not there. Try again in a moment."],
  [504, "Gateway Timeout", "The service behind this path took too long."],
];

/** Defaults for routes, and the error pages of the proxy itself. */
export const SERVER_DEFAULTS = [
  'set $websocket "";',
  'set $cors_origin "";',
  'set $retry_after "";',
  ...PROBLEMS.map(([status]) => `error_page ${status} @problem_${status};`),
]
  .map((line) => `        ${line}`)
  .join("\n");

const RETRY_AFTER = "\n            add_header Retry-After $retry_after always;";

/** Problem documents (RFC 9457) with the request's ID in the log. */
export const PROBLEM_LOCATIONS = PROBLEMS.map(
  ([status, title, detail]) => `        location @problem_${status} {
            default_type application/problem+json;
            add_header X-Request-Id $request_number always;
            add_header Cache-Control no-store always;
            add_header Access-Control-Allow-Origin $cors_origin always;${status === 429 ? RETRY_AFTER : ""}
            return ${status} '{"type":"about:blank","title":"${title}","status":${status},"detail":"${detail}","request_id":"$request_number"}';
        }`,
).join("\n");

/** Rate limit zones and origin maps of routes. nginx allows them only outside of a server block. */
export function httpRules(routes: readonly PlannedRoute[], behindProxy: boolean): string {
  const limited = routes.some(({ rateLimit }) => rateLimit !== undefined);
  const open = routes.some(({ corsOrigins }) => corsOrigins !== undefined);
  const lines = [
    ...(limited ? [...(behindProxy ? FORWARDED_ADDRESS : []), ...LIMITED] : []),
    ...routes.flatMap(({ rateLimit }, index) =>
      rateLimit
        ? [
            `limit_req_zone $binary_remote_addr zone=route_${index}:1m rate=${rateLimit.requests}r/${rateLimit.seconds === 1 ? "s" : "m"};`,
          ]
        : [],
    ),
    ...(open ? CORS_HEADERS : []),
    ...routes.flatMap(({ corsOrigins }, index) => (corsOrigins ? corsMaps(corsOrigins, index) : [])),
  ];
  return lines.length === 0 ? "" : `\n${lines.map((line) => `    ${line}`).join("\n")}\n`;
}

/**
 * Determines the client address for rate limits. The port is on the loopback address, so a private source address
 * belongs to Docker or to another proxy on this machine. The clients behind it must not share one counter.
 */
const FORWARDED_ADDRESS = [
  "# Who is counted: the client that a proxy on this machine names, not that proxy.",
  ...["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(
    (range) => `set_real_ip_from ${range};`,
  ),
  "real_ip_header X-Forwarded-For;",
  "real_ip_recursive on;",
];

const LIMITED = ["limit_req_status 429;", "# The access log has them.", "limit_req_log_level info;"];

const CORS_HEADERS = [
  "# Empty for all but the origins of a route: an empty header is not sent.",
  'map $cors_origin $cors_vary { "" ""; default Origin; }',
  'map $cors_origin $cors_expose { "" ""; default "X-Request-Id, Retry-After"; }',
  "add_header Access-Control-Allow-Origin $cors_origin always;",
  "add_header Access-Control-Expose-Headers $cors_expose always;",
  "add_header Vary $cors_vary always;",
];

function corsMaps(origins: readonly string[], index: number): string[] {
  const entries = origins.includes("*")
    ? ['"~." "*";']
    : origins.map((origin) => `${nginxText(origin)} $http_origin;`);
  return [
    `map $http_origin $cors_origin_${index} { default ""; ${entries.join(" ")} }`,
    `map "$request_method $http_access_control_request_method $cors_origin_${index}" $preflight_${index} { default ""; "~^OPTIONS [A-Z]+ ." yes; }`,
  ];
}

export function locations(routes: readonly PlannedRoute[]): string {
  const everything = routes.some(({ path }) => path === "/");
  // nginx would otherwise serve the default page of its image.
  const rest = everything ? [] : ["        location / {\n            return 404;\n        }"];
  return [...routes.map(location), ...rest].join("\n");
}

/**
 * Returns the location of a route: `/api` matches `/api` and all paths below it, but not `/apis`, like an Ingress with
 * path type Prefix.
 */
function location(route: PlannedRoute, index: number): string {
  // nginx compares decoded paths.
  const prefix = decodeURIComponent(route.path).replace(/\/+$/, "");
  const rules = [
    ...routeRules(route, index),
    `set $upstream ${upstream(route)};`,
    "proxy_pass http://$upstream;",
  ];
  const block = (match: string) =>
    [`        location ${match} {`, ...rules.map((rule) => `            ${rule}`), "        }"].join("\n");
  const below = block(`^~ ${nginxText(`${prefix}/`)}`);
  return prefix === "" ? below : `${block(`= ${nginxText(prefix)}`)}\n${below}`;
}

function routeRules({ rateLimit, corsOrigins, bodyLimit, websocket }: PlannedRoute, index: number): string[] {
  return [
    ...(rateLimit
      ? [
          `limit_req zone=route_${index}${rateLimit.burst > 0 ? ` burst=${rateLimit.burst} nodelay` : ""};`,
          `set $retry_after ${Math.ceil(rateLimit.seconds / rateLimit.requests)};`,
        ]
      : []),
    // Large bodies are not buffered, because they would fill the proxy's memory.
    ...(bodyLimit === undefined
      ? []
      : [`client_max_body_size ${bodyLimit};`, "proxy_request_buffering off;"]),
    ...(websocket ? ["set $websocket yes;", "proxy_read_timeout 1h;", "proxy_send_timeout 1h;"] : []),
    ...(corsOrigins
      ? [
          `set $cors_origin $cors_origin_${index};`,
          "proxy_hide_header Access-Control-Allow-Origin;",
          `if ($preflight_${index}) {`,
          "    add_header X-Request-Id $request_number always;",
          "    add_header Access-Control-Allow-Origin $cors_origin always;",
          `    add_header Access-Control-Allow-Methods "${CORS_METHODS}" always;`,
          `    add_header Access-Control-Allow-Headers "${CORS_REQUEST_HEADERS}" always;`,
          "    add_header Access-Control-Max-Age 600 always;",
          "    add_header Vary Origin always;",
          "    return 204;",
          "}",
        ]
      : []),
  ];
}

/** Returns the upstream of a route. The name and port need no escaping. */
function upstream({ workload, port }: PlannedRoute): string {
  if (
    !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(workload) ||
    !Number.isInteger(port) ||
    port < 1 ||
    port > 65535
  ) {
    throw new Error(`internal: ${JSON.stringify(workload)} port ${port} is no address for a route`);
  }
  return `${workload}:${port}`;
}
