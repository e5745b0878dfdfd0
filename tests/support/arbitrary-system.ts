import fc from "fast-check";
import { exec, http, system, type ServiceHandle, type Vocabulary } from "../../catalog/define";
import { text, type Value } from "../../catalog/references";
import {
  ENVIRONMENTS,
  EVICTIONS,
  type Environment,
  type RedisEviction,
  type SystemDefinition,
} from "../../catalog/types";

/** Text that is hard to escape: dollars, quotes, newlines, Unicode, and text that YAML could misread. */
export const awkwardText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }).map((value) => value.replace(/\0/g, "")),
  fc.constantFrom(
    "$HOME ${X:-y} $$",
    `a "b" 'c' \\ d`,
    "line\nbreak\n",
    "ünï çødé 🚢",
    "yes",
    "0x1f",
    "1e3",
    "12:30",
    "~",
    " # no comment",
    "- x",
    "",
  ),
);

interface Shape {
  name: string;
  databases: { extensions: ("vector" | "pg_trgm")[] }[];
  caches: { appendOnly: boolean; eviction: RedisEviction }[];
  brokers: { partitions: number[] }[];
  graphs: number;
  jobs: { uses: number }[];
  services: {
    port: number;
    calls: number[];
    waits: number[];
    literal: string;
    scale: "fixed" | "automatic" | "default";
    probe: "http" | "exec" | "none";
    egress: boolean;
    secret: boolean;
  }[];
  /** Optional services, which no other part refers to. */
  tools: { only: Environment[]; profile: boolean; job: boolean }[];
}

const shape: fc.Arbitrary<Shape> = fc.record({
  name: fc.constantFrom("todo", "neurascale", "a", "long-name-of-a-system"),
  databases: fc.array(fc.record({ extensions: fc.uniqueArray(fc.constantFrom("vector", "pg_trgm")) }), {
    maxLength: 2,
  }),
  caches: fc.array(fc.record({ appendOnly: fc.boolean(), eviction: fc.constantFrom(...EVICTIONS) }), {
    maxLength: 2,
  }),
  brokers: fc.array(fc.record({ partitions: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }) }), {
    maxLength: 2,
  }),
  graphs: fc.nat(2),
  jobs: fc.array(fc.record({ uses: fc.nat(3) }), { maxLength: 2 }),
  services: fc.array(
    fc.record({
      port: fc.integer({ min: 1024, max: 65535 }),
      calls: fc.array(fc.nat(9), { maxLength: 3 }),
      waits: fc.array(fc.nat(9), { maxLength: 2 }),
      literal: awkwardText,
      scale: fc.constantFrom("fixed", "automatic", "default"),
      probe: fc.constantFrom("http", "exec", "none"),
      egress: fc.boolean(),
      secret: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  tools: fc.array(
    fc.record({
      only: fc.uniqueArray(fc.constantFrom(...ENVIRONMENTS), { minLength: 1 }),
      profile: fc.boolean(),
      job: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
});

/** Any valid system. Services call only earlier ones, so there are no cycles. */
export const validSystem: fc.Arbitrary<SystemDefinition> = shape.map(build);

function build({ name, databases, caches, brokers, graphs, jobs, services, tools }: Shape): SystemDefinition {
  return system(name, (words) => {
    const stores = databases.map(({ extensions }, index) =>
      words.postgres(`db${index}`, { database: `data${index}`, extensions }),
    );
    const others = otherStores(words, { caches, brokers, graphs });
    const key = words.secret("api-key", { from: "generated" });
    const level = words.setting("logLevel", "info");
    const app = words.image("app", { context: "services/todo/backend", runtime: "python" });
    const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;
    const jobHandles = jobs.map(({ uses }, index) => {
      const store = stores[uses % Math.max(1, stores.length)];
      const env: Record<string, Value> = store ? { DATABASE_URL: store.ownerUrl } : { LEVEL: level };
      return words.job(`job${index}`, {
        image: app,
        command: ["run", text`--level=${level}`],
        env,
        resources,
      });
    });
    const handles: ServiceHandle<"http">[] = [];
    for (const [index, one] of services.entries()) {
      const env: Record<string, Value> = { LITERAL: one.literal, LOG_LEVEL: level };
      for (const call of one.calls) {
        const callee = handles[call];
        if (callee) {
          env[`SERVICE_${call}_URL`] = callee.http;
        }
      }
      for (const [at, store] of stores.entries()) {
        env[`DATABASE_${at}_URL`] = store.url;
      }
      Object.assign(env, others);
      if (one.secret) {
        env.API_KEY = key;
        env.API_HEADER = text`Bearer ${key} for ${level}`;
      }
      const probe =
        one.probe === "http"
          ? http("/readyz")
          : one.probe === "exec"
            ? exec(["check", one.literal || "-"])
            : undefined;
      handles.push(
        words.service(`service${index}`, {
          image: app,
          ports: { http: one.port },
          env,
          after: one.waits.flatMap((wait) => jobHandles[wait] ?? []),
          resources,
          ...(probe && { live: probe }),
          ...(one.scale === "fixed" && { replicas: 2 }),
          ...(one.scale === "automatic" && { scale: { min: 2, max: 5, cpu: 70, memory: 80 } }),
          ...(one.egress && { egress: ["b.example.com:443", "a.example.com:8443", "b.example.com:80"] }),
        }),
      );
    }
    const first = handles[0];
    if (first) {
      words.route("/", first.http);
    }
    for (const [index, { only, profile, job }] of tools.entries()) {
      const env: Record<string, Value> = first ? { TARGET: first.http } : {};
      const options = { image: app, env, resources, only };
      if (job) {
        words.job(`tool${index}`, { ...options, after: handles });
      } else {
        const asked = profile ? { profile: "dev-tools", publish: 9000 + index } : {};
        words.service(`tool${index}`, { ...options, ports: { http: 8000 }, ...asked });
      }
    }
  });
}

/** Every kind of datastore other than PostgreSQL, with all references that a service can make to them. */
function otherStores(
  words: Vocabulary,
  { caches, brokers, graphs }: Pick<Shape, "caches" | "brokers" | "graphs">,
): Record<string, Value> {
  const env: Record<string, Value> = {};
  for (const [index, options] of caches.entries()) {
    const cache = words.redis(`cache${index}`, { ...options, maxMemory: "64Mi", storage: "1Gi" });
    env[`CACHE_${index}_URL`] = cache.url;
    env[`CACHE_${index}_LOGIN`] = text`${cache.username} at ${cache.host}:${cache.port}/${cache.database}`;
    env[`CACHE_${index}_PASSWORD`] = cache.password;
  }
  for (const [index, { partitions }] of brokers.entries()) {
    const topics = Object.fromEntries(partitions.map((count, at) => [`topic-${at}`, { partitions: count }]));
    const broker = words.kafka(`events${index}`, { topics });
    env[`KAFKA_${index}_BOOTSTRAP`] = broker.bootstrap;
    env[`KAFKA_${index}_SECURITY_PROTOCOL`] = broker.securityProtocol;
  }
  for (let index = 0; index < graphs; index += 1) {
    const graph = words.neo4j(`graph${index}`);
    env[`NEO4J_${index}_URI`] = graph.url;
    env[`NEO4J_${index}_PASSWORD`] = graph.password;
  }
  return env;
}

/** A mutation that makes a valid system invalid, and the path that the problem must name. */
export const breakage: fc.Arbitrary<{
  name: string;
  apply: (valid: SystemDefinition) => SystemDefinition;
  path: RegExp;
}> = fc.constantFrom(
  {
    name: "a dangling reference",
    path: /env\.BROKEN$/,
    apply: changeService({
      env: { BROKEN: { ref: "endpoint", service: "nobody", port: "http", form: "url" } },
    }),
  },
  {
    name: "a request above the limit",
    path: /resources\.memory$/,
    apply: changeService({ resources: { cpu: ["1", "1"], memory: ["2Gi", "1Gi"] } }),
  },
  {
    name: "replicas beside autoscaling",
    path: /service0$/,
    apply: changeService({ replicas: 2, scale: { min: 1, max: 2, cpu: 50 } }),
  },
  {
    name: "a secret in a command",
    path: /command\.0$/,
    apply: changeService({ command: [{ ref: "secret", secret: "api-key" }] }),
  },
  {
    name: "a wait for itself",
    path: /service0$/,
    apply: changeService({ after: ["service0"] }),
  },
  {
    name: "a name that no cluster takes",
    path: /\.Service_X$/,
    apply: changeService({ name: "Service_X" }),
  },
  {
    name: "a property that no datastore has",
    path: /env\.BROKEN$/,
    apply: (valid: SystemDefinition): SystemDefinition => ({
      ...changeService({
        env: { BROKEN: { ref: "datastore", datastore: "extra", property: "ownerRole", role: "app" } },
      })(valid),
      datastores: [
        ...valid.datastores,
        {
          kind: "kafka",
          name: "extra",
          version: "4.1.1",
          topics: {},
          storage: "1Gi",
          resources: { cpu: ["1", "1"], memory: ["1Gi", "1Gi"] },
          environments: {},
        },
      ],
    }),
  },
  {
    name: "a route to what is not everywhere",
    path: /routes\.\/$/,
    apply: changeService({ only: ["dev"] }),
  },
  {
    name: "a published port without a profile",
    path: /service0\.publish$/,
    apply: changeService({ publish: 9000 }),
  },
);

function changeService(change: Partial<SystemDefinition["services"][number]>) {
  return (valid: SystemDefinition): SystemDefinition => ({
    ...valid,
    services: valid.services.map((service, index) => (index === 0 ? { ...service, ...change } : service)),
  });
}
