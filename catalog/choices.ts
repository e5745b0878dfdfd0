export const ENVIRONMENTS = ["local", "dev", "test", "staging", "prod"] as const;
/** Environments. `local` is a developer's own machine; the others are the stages on the way to production. */
export type Environment = (typeof ENVIRONMENTS)[number];

export const RUNTIMES = ["python", "node", "wget", "curl", "none"] as const;
/**
 * The program in an image that can send an HTTP request from inside the container. Compose offers no other HTTP probe.
 */
export type Runtime = (typeof RUNTIMES)[number];

/** Redis' behaviour when its memory is full: reject writes, or evict keys (`volatile`: only keys with an expiry). */
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

/** Major versions of PostgreSQL, the default first. */
export const POSTGRES_VERSIONS = [17, 18] as const;
export type PostgresVersion = (typeof POSTGRES_VERSIONS)[number];

export const POSTGRES_EXTENSIONS = ["citext", "pg_trgm", "pgcrypto", "timescaledb", "vector"] as const;
export type PostgresExtension = (typeof POSTGRES_EXTENSIONS)[number];

/** Targets of a stack: Docker Compose on one machine, an existing Kubernetes cluster, or Google Cloud. */
export const TARGETS = ["compose", "kubernetes", "gcp"] as const;
export type Target = (typeof TARGETS)[number];

/**
 * Placeholder for a missing image. No image can have this name. The missing image is reported once, at its statement.
 */
export const MISSING_IMAGE = "";
