import { http, system } from "../catalog/define";
import { databaseBrowser } from "./dev-tools";
import { testRunner } from "./test-runner";

/** AI todo: a todo list with an assistant that can edit it. */
export const todo = system("todo", (words) => {
  const { postgres, secret, setting, image, job, service, route } = words;
  const db = postgres("db", { version: 17, database: "todo", storage: "10Gi" });
  const openaiKey = secret("openai-api-key", { optionalIn: ["local", "dev", "test"] });
  const logLevel = setting("logLevel", "info", { oneOf: ["debug", "info", "warning", "error"] });

  const backendImage = image("backend", {
    context: "services/todo/backend",
    contexts: { shared: "services/shared/python" },
    runtime: "python",
  });
  const testsImage = image("tests", {
    context: "services/todo/backend",
    contexts: { shared: "services/shared/python" },
    target: "test-runner",
    runtime: "python",
  });
  const frontendImage = image("frontend", { context: "services/todo/frontend", runtime: "node" });

  const migrate = job("migrate", {
    image: backendImage,
    command: ["python", "-m", "todo.migrate"],
    env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
    resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
  });

  job("seed", {
    image: backendImage,
    command: ["python", "-m", "todo.seed"],
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
      OPENAI_API_KEY: openaiKey,
      OPENAI_MODEL: setting("openaiModel", "gpt-4.1-mini"),
      OPENAI_BASE_URL: setting("openaiBaseUrl", "https://api.openai.com/v1"),
      CORS_ORIGINS: setting("corsOrigins", ""),
      LOG_LEVEL: logLevel,
      WORKERS: setting("workers", 1),
    },
    live: http("/livez"),
    ready: http("/readyz"),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["250m", "1"], memory: ["192Mi", "512Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    egress: ["api.openai.com:443"],
    develop: {
      mounts: { src: "/app/src", "shared:src/longshore_service": "/app/shared/longshore_service" },
      debug: 5678,
    },
  });

  const frontend = service("frontend", {
    image: frontendImage,
    ports: { http: 3000 },
    env: { API_URL: backend.http },
    live: http("/api/health"),
    ready: http("/api/ready"),
    metrics: { port: "http", path: "/metrics" },
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
    scale: { min: 2, max: 4, cpu: 70 },
    develop: { mounts: { src: "/app/src" }, debug: 9229 },
    // The development server compiles on request.
    environments: { dev: { resources: { cpu: ["100m", "2"], memory: ["512Mi", "1Gi"] } } },
  });

  route("/api", backend.http);
  route("/", frontend.http);

  testRunner(words, testsImage, {
    DATABASE_URL: db.url,
    BACKEND_URL: backend.http,
    FRONTEND_URL: frontend.http,
  });
  databaseBrowser(words, db);
});
