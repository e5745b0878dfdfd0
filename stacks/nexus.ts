import { http, system } from "../catalog/define";
import { databaseBrowser, redisBrowser } from "./dev-tools";
import { testRunner } from "./test-runner";

/** Nexus: tables as typed nodes, documents with a knowledge graph, and the same handlers on three channels. */
export const nexus = system("nexus", (words) => {
  const { postgres, redis, neo4j, setting, image, job, service, route } = words;
  const db = postgres("db", { version: 17, database: "nexus", extensions: ["vector"], storage: "20Gi" });
  // Sessions are data: no eviction, and every write is persisted.
  const state = redis("state", { maxMemory: "256Mi", eviction: "noeviction" });
  const graph = neo4j("graph", { storage: "10Gi" });
  const logLevel = setting("logLevel", "info", { oneOf: ["debug", "info", "warning", "error"] });
  const allowedOrigins = setting("allowedOrigins", "");

  // One project, four images: each contains only its service's packages.
  const imageOf = (name: string, part: string) =>
    image(name, {
      context: "services/nexus",
      contexts: { shared: "services/shared/python" },
      args: { SERVICE: part },
      runtime: "python",
    });
  const dataflowImage = imageOf("dataflow", "dataflow");

  const migrate = job("migrate", {
    image: dataflowImage,
    command: ["python", "-m", "nexus.dataflow.migrate"],
    env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
    resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
  });

  // Idempotent: inserts only missing rows.
  job("seed", {
    image: dataflowImage,
    command: ["python", "-m", "nexus.dataflow.seed"],
    only: ["dev"],
    after: [migrate],
    env: { DATABASE_URL: db.url },
    resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
  });

  const probes = { live: http("/livez"), ready: http("/readyz") };
  const metrics = { port: "http", path: "/metrics" };
  const mounts = { src: "/app/src", "shared:src/longshore_service": "/app/shared/longshore_service" };

  const dataflow = service("dataflow", {
    image: dataflowImage,
    after: [migrate],
    ports: { http: 8000 },
    env: { DATABASE_URL: db.url, REDIS_URL: state.url, REDIS_CA: state.ca, LOG_LEVEL: logLevel },
    ...probes,
    metrics,
    resources: { cpu: ["250m", "1"], memory: ["128Mi", "384Mi"] },
    scale: { min: 2, max: 4, cpu: 70 },
    develop: { mounts, debug: 5679 },
  });

  const api = service("api", {
    image: imageOf("api", "api"),
    ports: { http: 8000 },
    env: {
      DATAFLOW_URL: dataflow.http,
      NEO4J_URL: graph.url,
      NEO4J_USERNAME: graph.username,
      NEO4J_PASSWORD: graph.password,
      CORS_ORIGINS: setting("corsOrigins", ""),
      LOG_LEVEL: logLevel,
    },
    ...probes,
    metrics,
    resources: { cpu: ["250m", "1"], memory: ["128Mi", "384Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    develop: { mounts, debug: 5678 },
  });

  const mcp = service("mcp", {
    image: imageOf("mcp", "mcp"),
    ports: { http: 8000 },
    env: {
      DATAFLOW_URL: dataflow.http,
      API_URL: api.http,
      ALLOWED_ORIGINS: allowedOrigins,
      MAX_CONNECTIONS: setting("maxConnections", 50),
      LOG_LEVEL: logLevel,
    },
    ...probes,
    metrics,
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "384Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    develop: { mounts, debug: 5680 },
  });

  const gateway = service("nexus", {
    image: imageOf("nexus", "gateway"),
    ports: { http: 8000 },
    env: {
      DATAFLOW_URL: dataflow.http,
      API_URL: api.http,
      REDIS_URL: state.url,
      REDIS_CA: state.ca,
      ALLOWED_ORIGINS: allowedOrigins,
      LOG_LEVEL: logLevel,
    },
    ...probes,
    metrics,
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "384Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    develop: { mounts, debug: 5681 },
  });

  const testsImage = image("tests", {
    context: "services/nexus",
    contexts: { shared: "services/shared/python" },
    target: "test-runner",
    runtime: "python",
  });
  testRunner(words, testsImage, {
    DATABASE_URL: db.url,
    REDIS_URL: state.url,
    REDIS_CA: state.ca,
    NEO4J_URL: graph.url,
    NEO4J_USERNAME: graph.username,
    NEO4J_PASSWORD: graph.password,
    DATAFLOW_URL: dataflow.http,
    API_URL: api.http,
    MCP_URL: mcp.http,
    NEXUS_URL: gateway.http,
  });

  route("/api", api.http);
  route("/mcp", mcp.http, { websocket: true });
  route("/nexus", gateway.http, { websocket: true });
  databaseBrowser(words, db);
  redisBrowser(words, state);
});
