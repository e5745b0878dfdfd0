import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { requestId, type Log } from "./logs.ts";
import type { Metrics } from "./metrics.ts";

/** Asked every few seconds by machines: logged only when they fail, or at level debug. */
const QUIET = ["/livez", "/readyz", "/metrics"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** What surrounds every request: its id, its log line, its metrics. */
export function observe(log: Log, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const given = request.get("x-request-id") ?? "";
    const id = /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
    const started = performance.now();
    response.set("X-Request-Id", id);
    metrics.inFlight.inc();
    response.once("close", () => {
      metrics.inFlight.dec();
      const seconds = (performance.now() - started) / 1000;
      const method = METHODS.includes(request.method) ? request.method : "OTHER";
      // The template of the route, so that ids in paths do not become ever more time series.
      const route = typeof request.route?.path === "string" ? request.route.path : "unmatched";
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.requests.inc({ method, route, status });
      metrics.latency.observe({ method, route }, seconds);
      const path = request.originalUrl.split("?")[0];
      const level = status >= 500 ? "error" : QUIET.includes(path ?? "") ? "debug" : "info";
      log[level](
        { request_id: id, method, route, path, status, ms: Math.round(seconds * 10_000) / 10 },
        `${method} ${path} ${status}`,
      );
    });
    requestId.run(id, next);
  };
}
