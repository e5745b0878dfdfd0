import { exec, http, system, tcp } from "../catalog/define";
import { ENVIRONMENTS } from "../catalog/types";
import { databaseBrowser, redisBrowser } from "./dev-tools";
import { testRunner } from "./test-runner";

/** Negative Space Imaging: measures the share and location of negative space in pictures. */
export const imaging = system("imaging", (words) => {
  const { postgres, redis, secret, setting, image, job, service, route } = words;
  // Pictures are stored in the database: every replica can read them, and one backup contains everything.
  const db = postgres("db", { version: 17, database: "imaging", storage: "50Gi" });
  // Contains only copies of database content: a full memory evicts the least recently used keys.
  const cache = redis("cache", { maxMemory: "256Mi", eviction: "allkeys-lru", storage: "1Gi" });
  const logLevel = setting("logLevel", "info", { oneOf: ["debug", "info", "warning", "error"] });

  const apiImage = image("api", { context: "services/imaging/api", runtime: "node" });
  const analyzerImage = image("analyzer", {
    context: "services/imaging/analyzer",
    contexts: { shared: "services/shared/python" },
    runtime: "python",
  });
  const frontendImage = image("frontend", {
    context: "services/imaging/frontend",
    contexts: {
      server: image("web-server", { context: "images/web-server", user: 101, runtime: "none" }),
      web: "services/shared/web",
    },
    user: 101,
    runtime: "none",
  });

  const migrate = job("migrate", {
    image: apiImage,
    command: ["node", "migrate.js"],
    env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
    resources: { cpu: ["100m", "500m"], memory: ["96Mi", "192Mi"] },
  });

  job("seed", {
    image: apiImage,
    command: ["node", "seed.js"],
    only: ["dev"],
    after: [migrate],
    env: { DATABASE_URL: db.url },
    resources: { cpu: ["100m", "500m"], memory: ["96Mi", "192Mi"] },
  });

  const analyzer = service("analyzer", {
    image: analyzerImage,
    ports: { http: 5000 },
    env: {
      WORKERS: setting("analyzerWorkers", 4),
      MAX_PIXELS: setting("maxPixels", 25_000_000),
      LOG_LEVEL: logLevel,
    },
    live: http("/livez", { timeout: "5s" }),
    ready: http("/readyz", { timeout: "5s" }),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["500m", "2"], memory: ["384Mi", "1536Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    develop: { mounts: { src: "/app/src" }, debug: 5678 },
  });

  // Up to eleven replicas during an update stay below PostgreSQL's limit of 100 connections.
  const pool = { DATABASE_POOL_MAX: "8" };
  const api = service("api", {
    image: apiImage,
    after: [migrate],
    ports: { http: 3000 },
    env: {
      DATABASE_URL: db.url,
      DATABASE_POOL_MIN: "2",
      DATABASE_POOL_MAX: "20",
      REDIS_URL: cache.url,
      REDIS_CA: cache.ca,
      ANALYZER_URL: analyzer.http,
      SENTRY_DSN: secret("sentry-dsn", { optionalIn: [...ENVIRONMENTS] }),
      UPLOAD_LIMIT: "20971520",
      LOG_LEVEL: logLevel,
    },
    live: http("/livez"),
    ready: http("/readyz"),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["200m", "1"], memory: ["192Mi", "384Mi"] },
    scale: { min: 3, max: 10, cpu: 70, memory: 80 },
    egress: ["ingest.sentry.io:443"],
    develop: { mounts: { src: "/app/src" }, debug: 9229 },
    environments: {
      dev: { env: { ENVIRONMENT: "dev" } },
      test: { env: { ENVIRONMENT: "test" } },
      staging: { env: { ENVIRONMENT: "staging", ...pool } },
      prod: { env: { ENVIRONMENT: "prod", ...pool } },
    },
  });

  const frontend = service("frontend", {
    image: frontendImage,
    ports: { http: 8080 },
    env: { API_ORIGIN: setting("apiOrigin", "") },
    live: tcp(),
    ready: exec(["health.sh"]),
    resources: { cpu: ["50m", "500m"], memory: ["32Mi", "64Mi"] },
    replicas: 2,
    develop: { mounts: { src: "/app/src", "web:src": "/app/web/src" } },
    // The development server compiles on request.
    environments: {
      dev: { env: { API_URL: api.http }, resources: { cpu: ["100m", "2"], memory: ["256Mi", "768Mi"] } },
    },
  });

  // A history page loads a dozen thumbnails at once.
  route("/api", api.http, {
    rateLimit: { requests: 10, per: "1s", burst: 40 },
    bodyLimit: "20Mi",
    cors: { origins: setting("corsOrigins", "") },
  });
  route("/", frontend.http);
  const testsImage = image("tests", {
    context: "services/imaging/api",
    target: "test-runner",
    runtime: "node",
  });
  testRunner(words, testsImage, {
    DATABASE_URL: db.url,
    REDIS_URL: cache.url,
    REDIS_CA: cache.ca,
    ANALYZER_URL: analyzer.http,
    API_URL: api.http,
    FRONTEND_URL: frontend.http,
  });
  databaseBrowser(words, db);
  redisBrowser(words, cache);
});
