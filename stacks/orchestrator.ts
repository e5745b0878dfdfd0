import { exec, http, system, tcp } from "../catalog/define";
import { text } from "../catalog/references";
import { databaseBrowser } from "./dev-tools";
import { testRunner } from "./test-runner";

/** Orchestrator: workflows of dependent steps, executed by workers that may crash at any time. */
export const orchestrator = system("orchestrator", (words) => {
  const { postgres, setting, image, job, service, route } = words;
  const db = postgres("db", { version: 17, database: "orchestrator", storage: "10Gi" });
  const logLevel = setting("logLevel", "info", { oneOf: ["debug", "info", "warning", "error"] });

  const backendImage = image("backend", {
    context: "services/orchestrator/backend",
    contexts: { shared: "services/shared/python" },
    runtime: "python",
  });
  const frontendImage = image("frontend", {
    context: "services/orchestrator/frontend",
    contexts: {
      server: image("web-server", { context: "images/web-server", user: 101, runtime: "none" }),
      web: "services/shared/web",
    },
    user: 101,
    runtime: "none",
  });

  const mounts = { src: "/app/src", "shared:src/longshore_service": "/app/shared/longshore_service" };

  const migrate = job("migrate", {
    image: backendImage,
    command: ["python", "-m", "orchestrator.migrate"],
    env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
    resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
  });

  job("seed", {
    image: backendImage,
    command: ["python", "-m", "orchestrator.seed"],
    only: ["dev"],
    after: [migrate],
    env: { DATABASE_URL: db.url },
    resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
  });

  const backend = service("backend", {
    image: backendImage,
    after: [migrate],
    ports: { http: 8000 },
    env: {
      DATABASE_URL: db.url,
      CORS_ORIGINS: setting("corsOrigins", ""),
      LOG_LEVEL: logLevel,
      WORKERS: setting("workers", 2),
      MAX_REQUESTS: setting("maxRequests", 10_000),
    },
    live: http("/livez"),
    ready: http("/readyz"),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["250m", "1"], memory: ["192Mi", "512Mi"] },
    scale: { min: 2, max: 4, cpu: 70 },
    develop: { mounts, debug: 5678 },
  });

  service("worker", {
    image: backendImage,
    command: ["python", "-m", "orchestrator.worker"],
    after: [migrate],
    ports: { http: 8001 },
    env: {
      DATABASE_URL: db.url,
      LOG_LEVEL: logLevel,
      // Hosts that steps may call: the system's own API and those an operator adds. External hosts must be in `egress` too.
      HTTP_ALLOW: text`${backend.http},${setting("allowedAddresses", "")}`,
      CONCURRENCY: setting("concurrency", 4),
      LEASE: setting("leaseSeconds", 15),
    },
    live: http("/livez"),
    ready: http("/readyz"),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "384Mi"] },
    replicas: 2,
    develop: {
      mounts,
      debug: 5679,
      command: ["python", "-m", "longshore_service.develop", "orchestrator.worker:from_environment"],
    },
    environments: {
      // Two replicas locally too: a run must survive its worker.
      local: { replicas: 2 },
      dev: { env: { PORT: "8001" } },
    },
  });

  const frontend = service("frontend", {
    image: frontendImage,
    ports: { http: 8080 },
    env: { API_ORIGIN: setting("apiOrigin", "") },
    live: tcp(),
    ready: exec(["health.sh"]),
    resources: { cpu: ["50m", "500m"], memory: ["32Mi", "64Mi"] },
    scale: { min: 2, max: 4, cpu: 70 },
    develop: { mounts: { src: "/app/src", "web:src": "/app/web/src" } },
    // The development server compiles on request.
    environments: {
      dev: { env: { API_URL: backend.http }, resources: { cpu: ["100m", "2"], memory: ["256Mi", "768Mi"] } },
    },
  });

  const testsImage = image("tests", {
    context: "services/orchestrator/backend",
    contexts: { shared: "services/shared/python" },
    target: "test-runner",
    runtime: "python",
  });
  testRunner(words, testsImage, {
    DATABASE_URL: db.url,
    // The test runner acts as an additional worker.
    HTTP_ALLOW: backend.http,
    FRONTEND_URL: frontend.http,
  });

  route("/api", backend.http);
  route("/", frontend.http);
  databaseBrowser(words, db);
});
