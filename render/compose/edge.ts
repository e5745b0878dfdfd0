import { isLoopback } from "../../catalog/ip-addresses";
import { EDGE_STATUS } from "../../catalog/plan/monitoring";
import type { EdgeTls, Plan, PlannedRoute } from "../../catalog/plan/types";
import type { ComposeService } from "./document";
import { httpRules, locations, PROBLEM_LOCATIONS, SERVER_DEFAULTS } from "./edge-routes";
import { CAPABILITIES, logging, tmpfs } from "./hardening";

/** Name of the reverse proxy, and of the network on which its ports are published. */
export const EDGE = "edge";
export const EDGE_IMAGE = "nginxinc/nginx-unprivileged:1.28";

/** User ID of the image. */
export const EDGE_USER = 101;
const PORT = 8080;
/**
 * Port of the proxy's own health endpoint, reachable only inside its container so that it occupies no path of a system.
 */
const HEALTH_PORT = 8081;
/** Port of the proxy's container that redirects plain HTTP requests to HTTPS. */
export const EDGE_REDIRECT_PORT = 8083;

export interface EdgeOptions {
  image: string;
  /** Published port. */
  port: number;
  /** Addresses of the machine that the ports are published on. @default ["127.0.0.1"] */
  addresses?: readonly string[] | undefined;
  /** Published port that redirects plain HTTP requests to HTTPS. @default - none */
  redirectPort?: number | undefined;
  /** Maximum size of a request body. */
  bodyLimit: string;
  /** Certificate for HTTPS. @default - plain HTTP */
  tls?: EdgeTls | undefined;
}

/** Returns the reverse proxy that serves the plan's routes. Only its ports are published beyond loopback. */
export function edgeService(plan: Plan, networks: string[], options: EdgeOptions): ComposeService {
  const routed = [...new Set(plan.routes.map(({ workload }) => workload))].sort();
  return {
    image: options.image,
    user: `${EDGE_USER}:${EDGE_USER}`,
    ports: publishedPorts(options),
    tmpfs: [tmpfs("/tmp", EDGE_USER, 64 * 1024 * 1024)],
    networks,
    depends_on: Object.fromEntries(
      routed.map((name) => [
        name,
        { condition: hasProbe(plan, name) ? ("service_healthy" as const) : ("service_started" as const) },
      ]),
    ),
    healthcheck: {
      test: ["CMD", "bash", "-c", HEALTHCHECK],
      interval: "10s",
      timeout: "3s",
      retries: 3,
      start_period: "30s",
      start_interval: "1s",
    },
    read_only: true,
    ...CAPABILITIES,
    // Makes nginx finish requests in progress before it exits.
    stop_signal: "SIGQUIT",
    stop_grace_period: "30s",
    restart: "unless-stopped",
    deploy: {
      resources: {
        limits: { cpus: "1", memory: "128M", pids: 64 },
        reservations: { cpus: "0.05", memory: "32M" },
      },
    },
    logging: logging(plan),
  };
}

const DEFAULT_ADDRESSES = ["127.0.0.1"] as const;

/** Published ports, as Compose writes them. */
function publishedPorts({ addresses = DEFAULT_ADDRESSES, port, redirectPort, tls }: EdgeOptions): string[] {
  return addresses.flatMap((address) => {
    const host = address.includes(":") ? `[${address}]` : address;
    return [
      `${host}:${port}:${PORT}`,
      ...(tls && redirectPort !== undefined ? [`${host}:${redirectPort}:${EDGE_REDIRECT_PORT}`] : []),
    ];
  });
}

// Not every build of the image contains curl; all contain bash.
const HEALTHCHECK = [
  `exec 3<>/dev/tcp/127.0.0.1/${HEALTH_PORT}`,
  "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3",
  "read -r line <&3",
  '[[ "$line" == *" 200 "* ]] || { echo "$line"; exit 1; }',
].join(" && ");

function hasProbe(plan: Plan, name: string): boolean {
  const workload = plan.workloads.find((one) => one.name === name);
  return (workload?.probes.ready ?? workload?.probes.live) !== undefined;
}

type EdgeConfigOptions = Omit<EdgeOptions, "image" | "port"> & {
  /** Published port, which the redirect to HTTPS names. @default 443 */
  port?: number;
  /** Whether counters are served to the exporter. @default false */
  status?: boolean;
};

/**
 * Returns the proxy's configuration. Upstreams are variables, so that nginx resolves them through Docker's DNS every
 * second and finds replaced containers. A failed request is retried on the next address; a POST, LOCK or PATCH request
 * only if no server has received it.
 */
export function edgeConfig(
  routes: readonly PlannedRoute[],
  {
    bodyLimit,
    tls,
    addresses = DEFAULT_ADDRESSES,
    port = 443,
    redirectPort,
    status = false,
  }: EdgeConfigOptions,
): string {
  // Beyond loopback any client can send X-Forwarded-* headers, so none of them is believed there.
  const behindProxy = addresses.every(isLoopback);
  return `# The reverse proxy of one system. Written by Longshore.
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
    worker_connections 1024;
}

http {
    default_type application/octet-stream;
    server_tokens off;
    client_body_temp_path /tmp/client-body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    # The path without its query: queries may carry what must not be logged.
    log_format json escape=json '{"time":"$time_iso8601","level":"info","logger":"edge","request_id":"$request_number",'
        '"method":"$request_method","path":"$uri","status":$status,"bytes":$body_bytes_sent,'
        '"seconds":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status"}';
    access_log /dev/stdout json;

    # A request id that came along is kept when it looks like one.
    map $http_x_request_id $request_number {
        "~^[A-Za-z0-9._-]{8,128}$" $http_x_request_id;
        default $request_id;
    }
${behindProxy ? FORWARDED_PROTO : ""}    # Only where a route says so does a connection become a WebSocket.
    map "$websocket:$http_upgrade" $connection_header {
        "~^yes:." upgrade;
        default close;
    }
    map $connection_header $upgrade_header {
        upgrade $http_upgrade;
        default "";
    }

    client_max_body_size ${bodyLimit};
    client_header_timeout 15s;
    client_body_timeout 30s;
    send_timeout 60s;
    keepalive_timeout 65s;
    large_client_header_buffers 4 16k;
    reset_timedout_connection on;

    gzip on;
    gzip_min_length 1024;
    gzip_proxied any;
    gzip_vary on;
    gzip_types application/javascript application/json application/manifest+json application/xml image/svg+xml
        text/css text/javascript text/plain text/xml;

    resolver 127.0.0.11 valid=1s ipv6=off;
    resolver_timeout 3s;

    proxy_http_version 1.1;
    proxy_connect_timeout 1s;
    proxy_send_timeout 60s;
    proxy_read_timeout 300s;
    # Answers pass as they come: streams and server-sent events arrive at once.
    proxy_buffering off;
    proxy_request_buffering on;
    proxy_next_upstream error timeout;
    proxy_next_upstream_tries 3;
    proxy_next_upstream_timeout 10s;

    proxy_set_header Host $http_host;
    proxy_set_header Connection $connection_header;
    proxy_set_header Upgrade $upgrade_header;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For ${behindProxy ? "$proxy_add_x_forwarded_for" : "$remote_addr"};
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto ${behindProxy ? "$forwarded_proto" : "$scheme"};
    proxy_set_header X-Request-Id $request_number;
    add_header X-Request-Id $request_number always;
${tls?.strict ? STRICT : ""}${httpRules(routes, behindProxy)}
    server {
        listen 127.0.0.1:${HEALTH_PORT};
        access_log off;
        location / {
            return 200;
        }
    }

    server {
        listen ${PORT}${tls ? " ssl" : ""};
${tls ? tlsRules(tls) : ""}${SERVER_DEFAULTS}
${locations(routes)}
${PROBLEM_LOCATIONS}
    }
${tls && redirectPort !== undefined ? redirectServer(port) : ""}${status ? STATUS : ""}}
`;
}

const FORWARDED_PROTO = `    # Another proxy on this machine may end TLS before us; only it reaches this port.
    map $http_x_forwarded_proto $forwarded_proto {
        https https;
        default $scheme;
    }
`;

/** Server that redirects plain HTTP requests to the published HTTPS port. Its own header keeps HSTS out of plain HTTP. */
function redirectServer(port: number): string {
  return `
    server {
        listen ${EDGE_REDIRECT_PORT};
        add_header X-Request-Id $request_number always;
        if ($host = "") {
            return 400;
        }
        return 308 https://$host${port === 443 ? "" : `:${port}`}$request_uri;
    }
`;
}

/** HSTS header, valid for a year. */
const STRICT = `    add_header Strict-Transport-Security "max-age=31536000" always;
`;

/**
 * Returns the TLS configuration, on the same port as HTTP. Plain HTTP requests are redirected to HTTPS. On SIGHUP nginx
 * reloads the certificate without interrupting requests.
 */
function tlsRules({ secretFiles: [certificate, key] }: EdgeTls): string {
  return [
    "http2 on;",
    `ssl_certificate ${certificate.path};`,
    `ssl_certificate_key ${key.path};`,
    "ssl_protocols TLSv1.2 TLSv1.3;",
    "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;",
    "ssl_session_cache shared:tls:2m;",
    "ssl_session_timeout 1d;",
    "ssl_session_tickets off;",
    "error_page 497 =308 https://$http_host$request_uri;",
  ]
    .map((line) => `        ${line}\n`)
    .join("");
}

/** Status server with counters only. It listens on all networks of the proxy, because nginx cannot tell them apart. */
const STATUS = `
    server {
        listen ${EDGE_STATUS.port};
        access_log off;
        location = ${EDGE_STATUS.path} {
            stub_status;
        }
        location / {
            return 404;
        }
    }
`;
