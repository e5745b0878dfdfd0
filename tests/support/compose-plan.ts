import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan, PlannedProbe, Workload } from "../../catalog/plan/types";

const APP = readFileSync(join(__dirname, "compose-app.py"), "utf8");
const MEBIBYTE = 1024 * 1024;
const http = (path: string): PlannedProbe => ({
  check: { kind: "http", path, port: 8000 },
  intervalSeconds: 5,
  timeoutSeconds: 5,
  failures: 5,
});

/** A workload that runs the test server. */
export function appWorkload(name: string, changes: Partial<Workload> = {}): Workload {
  return {
    name,
    kind: "service",
    image: "python",
    command: ["python", "-u", "/srv/app.py"],
    user: 1000,
    env: [{ name: "APP_VERSION", value: "1" }],
    secretFiles: [],
    configFiles: [{ path: "/srv/app.py", content: APP }],
    ports: [{ name: "http", port: 8000 }],
    probes: { live: http("/live"), ready: http("/ready"), startupSeconds: 60 },
    resources: {
      cpu: { request: 50, limit: 1000 },
      memory: { request: 32 * MEBIBYTE, limit: 128 * MEBIBYTE },
    },
    scale: { kind: "fixed", replicas: 1 },
    writable: ["/tmp"],
    volumes: [],
    after: [],
    connects: [],
    clients: [],
    egress: [],
    exceptions: [],
    graceSeconds: 5,
    ...changes,
  };
}

export interface SamplePlanOptions {
  webVersion?: string;
  /** Seconds until the web server is ready after its start. */
  readyAfter?: number;
  /** Whether the web server exits at its start. */
  crash?: boolean;
  replicas?: number;
  jobCommand?: readonly string[];
}

/** A plan with a datastore with a volume, a job that writes to it, a web server with a secret, and the edge. */
export function samplePlan(options: SamplePlanOptions = {}): Plan {
  const { webVersion = "1", readyAfter = 0, crash = false, replicas = 1, jobCommand } = options;
  const workloads = [
    appWorkload("api", {
      clients: [{ from: "edge", port: 8000 }],
      // Unhealthy after the first failure, and for up to ten seconds after a recovery.
      probes: { ready: { ...http("/ready"), intervalSeconds: 10, failures: 1 }, startupSeconds: 60 },
    }),
    appWorkload("db", {
      kind: "store",
      env: [
        { name: "APP_VERSION", value: "db" },
        { name: "DATA", value: "/tmp" },
      ],
      volumes: [{ name: "data", path: "/data", size: 64 * MEBIBYTE }],
      clients: [{ from: "migrate", port: 8000 }],
    }),
    appWorkload("migrate", {
      kind: "job",
      command: jobCommand ?? [
        "python",
        "-c",
        'import urllib.request as r; print(r.urlopen("http://db:8000/", timeout=5).read())',
      ],
      configFiles: [],
      ports: [],
      probes: { startupSeconds: 10 },
      connects: [{ to: "workload", workload: "db", port: 8000 }],
      after: [{ workload: "db", condition: "healthy" }],
      timeoutSeconds: 30,
    }),
    appWorkload("web", {
      env: [
        { name: "APP_VERSION", value: webVersion },
        ...(crash ? [{ name: "CRASH", value: "1" }] : []),
        { name: "READY_AFTER", value: String(readyAfter) },
      ],
      secretFiles: [
        {
          name: "token",
          variable: "TOKEN_FILE",
          path: "/run/secrets/token",
          value: { late: "secret", secret: "token" },
        },
      ],
      scale: { kind: "fixed", replicas },
      after: [{ workload: "migrate", condition: "completed" }],
      clients: [{ from: "edge", port: 8000 }],
    }),
  ];
  return {
    system: "sample",
    environment: "local",
    target: "compose",
    images: [
      {
        name: "python",
        source: { kind: "upstream", reference: "python:3.13-slim" },
        user: 1000,
        runtime: "python",
      },
    ],
    workloads,
    startOrder: ["api", "db", "migrate", "web"],
    datastores: [],
    secrets: [
      {
        name: "token",
        secret: "token",
        generation: 1,
        from: "generated",
        value: { kind: "text", length: 32 },
        configPath: "longshore:secrets.sample.token",
      },
    ],
    routes: [
      { path: "/api", workload: "api", port: 8000 },
      { path: "/", workload: "web", port: 8000 },
    ],
  };
}
