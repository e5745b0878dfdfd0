import diagnostics from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

// Next bundles this module more than once; there is one registry per process all the same.
const holder = globalThis as typeof globalThis & { todoMetrics?: Registry };

/** The metrics of this process in Prometheus' text format, with its content type. */
export async function readMetrics(): Promise<{ body: string; contentType: string }> {
  const registry = startMetrics();
  return { body: await registry.metrics(), contentType: registry.contentType };
}

export function startMetrics(): Registry {
  if (holder.todoMetrics) return holder.todoMetrics;
  const registry = (holder.todoMetrics = new Registry());
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests answered.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const latency = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer a request.",
    labelNames: ["method", "route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const started = new WeakMap<IncomingMessage, number>();
  diagnostics.subscribe("http.server.request.start", (message) => {
    started.set((message as { request: IncomingMessage }).request, performance.now());
  });
  diagnostics.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const method = METHODS.has(request.method ?? "") ? request.method! : "OTHER";
    const route = routeOf(request.url ?? "");
    requests.inc({ method, route, status: String(response.statusCode) });
    const start = started.get(request);
    if (start !== undefined) latency.observe({ method, route }, (performance.now() - start) / 1000);
  });
  return registry;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A route's name instead of the path, so that ids in paths do not become ever more time series. */
export function routeOf(url: string): string {
  const path = url.split("?", 1)[0] ?? "";
  if (["/", "/api/health", "/api/ready", "/api/chat", "/metrics", "/icon.svg"].includes(path)) return path;
  if (/^\/api\/todos(\/|$)/.test(path)) return "/api/todos";
  if (path.startsWith("/_next/")) return "/_next";
  return "unmatched";
}
