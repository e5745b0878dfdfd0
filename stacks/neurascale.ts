import { http, system } from "../catalog/define";

/** NeuraScale: EEG devices, their band power, a classification, and a live picture of all three. */
export const neurascale = system(
  "neurascale",
  ({ postgres, redis, kafka, secret, setting, image, job, service, route }) => {
    const db = postgres("db", {
      version: 17,
      database: "neurascale",
      extensions: ["timescaledb"],
      storage: "100Gi",
      environments: { prod: { resources: { cpu: ["1", "4"], memory: ["2Gi", "8Gi"] } } },
    });
    // The newest values may be forgotten, leases and wishes may not: only what expires makes way.
    const cache = redis("redis", { maxMemory: "128Mi", eviction: "volatile-ttl" });
    const events = kafka("kafka", {
      storage: "50Gi",
      topics: {
        samples: { partitions: 6, retention: "24h" },
        predictions: { partitions: 6, retention: "24h" },
      },
    });
    const logLevel = setting("logLevel", "info", { oneOf: ["debug", "info", "warning", "error"] });

    const base = image("python-base", { context: "images/python", runtime: "python" });
    const upon = { base };
    const builder = image("builder", { context: "images/builder", contexts: upon });
    const tester = image("tester", { context: "images/tester", contexts: upon });
    const debuggerImage = image("debugger", { context: "images/debugger", contexts: upon });
    const learning = image("ml-base", { context: "images/ml-base", contexts: upon });
    const tools = {
      builder,
      tester,
      debugger: debuggerImage,
      shared: "services/shared/python",
      common: "services/neurascale/common",
    };
    const processorImage = image("neural-processor", {
      context: "services/neurascale/neural-processor",
      contexts: { base, ...tools },
      runtime: "python",
    });
    const managerImage = image("device-manager", {
      context: "services/neurascale/device-manager",
      contexts: { base, ...tools },
      runtime: "python",
    });
    const pipelineImage = image("ml-pipeline", {
      context: "services/neurascale/ml-pipeline",
      contexts: { base: learning, ...tools },
      runtime: "python",
    });

    const probes = { live: http("/livez"), ready: http("/readyz") };

    const migrate = job("migrate", {
      image: processorImage,
      command: ["python", "-m", "neural_processor.migrate"],
      env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
      resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
    });

    const processor = service("neural-processor", {
      image: processorImage,
      after: [migrate],
      ports: { http: 8080, metrics: 8081 },
      env: {
        DATABASE_URL: db.url,
        REDIS_URL: cache.url,
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        LOG_LEVEL: logLevel,
      },
      live: http("/livez", { port: "http" }),
      ready: http("/readyz", { port: "http" }),
      metrics: { port: "metrics", path: "/metrics" },
      resources: { cpu: ["250m", "1"], memory: ["256Mi", "512Mi"] },
      replicas: 3,
      develop: { mounts: { src: "/app/src" }, debug: 5678 },
      environments: {
        // On a person's machine too: what one replica writes, the other shows.
        local: { replicas: 2 },
        prod: { replicas: 3, resources: { cpu: ["1", "2"], memory: ["2Gi", "4Gi"] } },
      },
    });

    const manager = service("device-manager", {
      image: managerImage,
      ports: { http: 8081 },
      env: {
        REDIS_URL: cache.url,
        NEURAL_PROCESSOR_URL: processor.http,
        DISCOVERY_INTERVAL: setting("discoveryInterval", 10),
        SIMULATED_DEVICES: setting("simulatedDevices", 1),
        BLUETOOTH: setting("bluetooth", true),
        LEASE: setting("leaseSeconds", 6),
        LOG_LEVEL: logLevel,
      },
      ...probes,
      metrics: { port: "http", path: "/metrics" },
      resources: { cpu: ["100m", "500m"], memory: ["96Mi", "256Mi"] },
      replicas: 2,
      develop: { mounts: { src: "/app/src" }, debug: 5679 },
      // On a person's machine too: a stream has to survive the manager that has it in hand.
      environments: { local: { replicas: 2 } },
    });

    service("ml-pipeline", {
      image: pipelineImage,
      ports: { http: 8080 },
      env: {
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        LOG_LEVEL: logLevel,
      },
      ...probes,
      metrics: { port: "http", path: "/metrics" },
      resources: { cpu: ["250m", "1"], memory: ["256Mi", "512Mi"] },
      replicas: 2,
      develop: { mounts: { src: "/app/src" }, debug: 5680 },
    });

    route("/api/devices", manager.http);
    route("/api", processor.http);
    void secret;
  },
);
