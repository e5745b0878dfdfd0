import { exec, http, type PostgresHandle, type RedisHandle, type Vocabulary } from "../catalog/define";

/*
 * Database browsers. They run on request, on one machine: `longshore dev --profile dev-tools`. Users enter the login, so
 * that the browsers store no password.
 */

/** Adminer, for the databases of a system. The login form is prefilled with the first one's server. */
export function databaseBrowser({ upstream, service }: Vocabulary, db: PostgresHandle): void {
  service("adminer", {
    image: upstream("adminer", "adminer:5.4.1-standalone", { runtime: "none" }),
    profile: "dev-tools",
    only: ["local", "dev"],
    ports: { http: 8080 },
    publish: 8190,
    env: { ADMINER_DEFAULT_SERVER: db.host },
    live: exec(["php", "-r", "exit(@file_get_contents('http://127.0.0.1:8080/') === false ? 1 : 0);"]),
    resources: { cpu: ["50m", "500m"], memory: ["32Mi", "128Mi"] },
  });
}

/** Redis Insight. Its settings are lost with the container. */
export function redisBrowser({ upstream, service }: Vocabulary, cache: RedisHandle): void {
  service("redisinsight", {
    image: upstream("redisinsight", "redis/redisinsight:2.70.1", { runtime: "wget" }),
    profile: "dev-tools",
    only: ["local", "dev"],
    ports: { http: 5540 },
    publish: 8191,
    env: { RI_REDIS_HOST: cache.host, RI_REDIS_PORT: cache.port },
    writable: ["/tmp", "/data"],
    live: http("/api/health"),
    resources: { cpu: ["100m", "1"], memory: ["256Mi", "512Mi"] },
  });
}
