import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics of one process; a registry of its own, so that tests do not share counters. */
export function createMetrics(version: string) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "imaging_build_info",
    help: "The running version.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  return {
    registry,
    requests: new Counter({
      name: "http_requests_total",
      help: "Requests answered.",
      labelNames: ["method", "route", "status"],
      registers,
    }),
    latency: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time to answer a request.",
      labelNames: ["method", "route"],
      buckets: BUCKETS,
      registers,
    }),
    inFlight: new Gauge({ name: "http_requests_in_flight", help: "Requests being answered.", registers }),
    uploadedBytes: new Counter({
      name: "imaging_uploaded_bytes_total",
      help: "Bytes of pictures that were kept.",
      registers,
    }),
    cache: new Counter({
      name: "imaging_cache_requests_total",
      help: "Looks into the cache, by what was looked for and how that ended.",
      labelNames: ["kind", "outcome"],
      registers,
    }),
    analyses: new Counter({
      name: "imaging_analyses_total",
      help: "Analyses asked for, by how that ended.",
      labelNames: ["outcome"],
      registers,
    }),
    analysisTime: new Histogram({
      name: "imaging_analysis_duration_seconds",
      help: "Time of one analysis.",
      buckets: BUCKETS,
      registers,
    }),
    connections: new Gauge({
      name: "imaging_database_connections",
      help: "Connections to the database, by what they do.",
      labelNames: ["state"],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
