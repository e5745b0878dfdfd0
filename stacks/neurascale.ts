import { exec, http, system, tcp } from "../catalog/define";
import { testRunner } from "./test-runner";

/** Debian's group IDs with access to serial ports and plugged-in devices. */
const DIALOUT = 20;
const PLUGDEV = 46;

/** NeuraScale: EEG devices, their band power, a classification, and a live view. */
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
    // Live values may be evicted, leases and requested streams may not: evict only keys with an expiry.
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
    // For nodes with GPUs: the same program on NVIDIA's runtime, with PyTorch and TensorFlow.
    const cudaBase = image("ml-base-cuda", { context: "images/ml-base", contexts: upon, target: "cuda" });
    const pipelineCudaImage = image("ml-pipeline-cuda", {
      context: "services/neurascale/ml-pipeline",
      contexts: { base: cudaBase, ...tools },
      runtime: "python",
    });

    // Loading the numeric libraries takes long on a busy machine.
    const probes = { live: http("/livez"), ready: http("/readyz"), startup: "180s" } as const;

    const migrate = job("migrate", {
      image: processorImage,
      command: ["python", "-m", "neural_processor.migrate"],
      env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
      resources: { cpu: ["100m", "500m"], memory: ["128Mi", "256Mi"] },
    });

    job("seed", {
      image: processorImage,
      command: ["python", "-m", "neural_processor.seed"],
      only: ["dev"],
      after: [migrate],
      env: { DATABASE_URL: db.url },
      resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
    });

    const processor = service("neural-processor", {
      image: processorImage,
      after: [migrate],
      ports: { http: 8080, metrics: 8081 },
      env: {
        DATABASE_URL: db.url,
        REDIS_URL: cache.url,
        REDIS_CA: cache.ca,
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        KAFKA_SASL_MECHANISM: events.saslMechanism,
        LOG_LEVEL: logLevel,
      },
      live: http("/livez", { port: "http" }),
      ready: http("/readyz", { port: "http" }),
      startup: "180s",
      metrics: { port: "metrics", path: "/metrics" },
      resources: { cpu: ["250m", "1"], memory: ["256Mi", "512Mi"] },
      replicas: 3,
      develop: { mounts: { src: "/app/src" }, debug: 5678 },
      environments: {
        // Two replicas locally too: one shows what the other writes.
        local: { replicas: 2 },
        prod: { replicas: 3, resources: { cpu: ["1", "2"], memory: ["2Gi", "4Gi"] } },
      },
    });

    const manager = service("device-manager", {
      image: managerImage,
      ports: { http: 8081 },
      env: {
        REDIS_URL: cache.url,
        REDIS_CA: cache.ca,
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
      exceptions: [
        {
          allow: "device",
          path: "/dev/bus/usb",
          groups: [DIALOUT, PLUGDEV],
          reason: "looks for EEG devices on the USB bus",
        },
        {
          allow: "device",
          path: "/dev/ttyUSB0",
          groups: [DIALOUT],
          reason: "reads an OpenBCI board through its dongle",
        },
      ],
      nodes: { "longshore.dev/devices": "true" },
      replicas: 2,
      develop: { mounts: { src: "/app/src" }, debug: 5679 },
      // Two replicas locally too: a stream must survive its manager.
      environments: { local: { replicas: 2 } },
    });

    service("ml-pipeline", {
      image: pipelineImage,
      gpuImage: pipelineCudaImage,
      ports: { http: 8080 },
      env: {
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        KAFKA_SASL_MECHANISM: events.saslMechanism,
        LOG_LEVEL: logLevel,
      },
      ...probes,
      metrics: { port: "http", path: "/metrics" },
      resources: { cpu: ["250m", "1"], memory: ["256Mi", "512Mi"] },
      replicas: 2,
      develop: { mounts: { src: "/app/src" }, debug: 5680 },
    });

    // TLS for clients that bypass the reverse proxy. Optional in staging and prod.
    const tls = secret("gateway-tls", {
      from: "generated",
      kind: "tls",
      names: ["api-gateway", "localhost", "127.0.0.1"],
      optionalIn: ["staging", "prod"],
      watched: true,
    });
    const tokenKeys = secret("jwt-secret", { kind: "keys" });

    const operatorPassword = secret("operator-password", { from: "generated", signIn: "operator" });

    // The only entry point. The services behind it have no authentication; their network admits only the gateway.
    const gateway = service("api-gateway", {
      image: image("api-gateway", {
        context: "services/neurascale/api-gateway",
        contexts: { base: image("golang-base", { context: "images/golang" }) },
      }),
      ports: { http: 8080, https: 8443 },
      env: {
        NEURAL_PROCESSOR_URL: processor.http,
        DEVICE_MANAGER_URL: manager.http,
        TLS_CERT: tls.certificate,
        TLS_KEY: tls.key,
        JWT_SECRET: tokenKeys.signing,
        JWT_SECRET_ACCEPTED: tokenKeys.accepted,
        OPERATOR_PASSWORD: operatorPassword,
        TOKEN_LIFETIME: setting("tokenLifetime", "1h"),
        RATE_LIMIT: setting("rateLimit", 20),
        RATE_BURST: setting("rateBurst", 60),
        CORS_ORIGINS: setting("corsOrigins", ""),
        // The reverse proxy in front of the system appends the client's address.
        PROXY_HOPS: "1",
        LOG_LEVEL: logLevel,
      },
      live: exec(["/gateway", "health", "/livez"]),
      ready: exec(["/gateway", "health"]),
      metrics: { port: "http", path: "/metrics" },
      resources: { cpu: ["100m", "1"], memory: ["32Mi", "128Mi"] },
      replicas: 3,
      develop: { mounts: { ".": "/src" }, debug: 5681, build: "/build" },
      // The compiler runs in the same container, with its cache in memory.
      environments: { dev: { resources: { cpu: ["100m", "2"], memory: ["512Mi", "2Gi"] } } },
    });

    const frontend = service("web-frontend", {
      image: image("web-frontend", {
        context: "services/neurascale/frontend",
        contexts: {
          base: image("node-base", { context: "images/node", runtime: "node" }),
          server: image("web-server", { context: "images/web-server", user: 101, runtime: "none" }),
          web: "services/shared/web",
        },
        user: 101,
      }),
      ports: { http: 8080 },
      env: { API_ORIGIN: setting("apiOrigin", "") },
      live: tcp(),
      ready: exec(["health.sh"]),
      resources: { cpu: ["50m", "500m"], memory: ["32Mi", "64Mi"] },
      scale: { min: 2, max: 4, cpu: 70 },
      develop: { mounts: { src: "/app/src", "web:src": "/app/web/src" } },
      // The development server compiles on request.
      environments: {
        dev: {
          env: { API_URL: gateway.http },
          resources: { cpu: ["100m", "2"], memory: ["256Mi", "768Mi"] },
        },
      },
    });

    route("/api", gateway.http);
    route("/", frontend.http);

    const testsImage = image("tests", {
      context: "services/neurascale/neural-processor",
      contexts: { base, ...tools },
      target: "test-runner",
      runtime: "python",
    });
    testRunner({ job }, testsImage, {
      DATABASE_URL: db.url,
      REDIS_URL: cache.url,
      REDIS_CA: cache.ca,
      KAFKA_BOOTSTRAP: events.bootstrap,
      KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
      OPERATOR_PASSWORD: operatorPassword,
      GATEWAY_URL: gateway.http,
      FRONTEND_URL: frontend.http,
    });
  },
);
