export const ENVIRONMENTS = ["local", "dev", "test", "staging", "prod"] as const;
/** `local` is a developer's own machine; the others are the stages on the way to production. */
export type Environment = (typeof ENVIRONMENTS)[number];

export const RUNTIMES = ["python", "node", "wget", "curl", "none"] as const;
/** The program in an image that can send an HTTP request from inside the container. Compose has no other probe. */
export type Runtime = (typeof RUNTIMES)[number];

/** What Redis does when its memory is full: reject writes, or evict keys (`volatile`: only keys with an expiry). */
export const EVICTIONS = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;
export type RedisEviction = (typeof EVICTIONS)[number];

export const POSTGRES_EXTENSIONS = ["citext", "pg_trgm", "pgcrypto", "timescaledb", "vector"] as const;
export type PostgresExtension = (typeof POSTGRES_EXTENSIONS)[number];

/** Where a stack can run: Docker Compose on one machine, any Kubernetes cluster, or Google Cloud. */
export const TARGETS = ["compose", "kubernetes", "gcp"] as const;
export type Target = (typeof TARGETS)[number];

/** Stands for an image that is missing. No image can have this name, and it is reported once, where it is missing. */
export const MISSING_IMAGE = "";
