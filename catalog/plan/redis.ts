import type { DatastoreProperty } from "../references";
import type { RedisDefinition } from "../types";
import { parseQuantity } from "../values";
import type { EngineRules } from "./engine";
import { exporter, type Exporter } from "./monitoring";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined, secretFile } from "./store";
import type { PlannedRedis, PlanValue, Workload } from "./types";

const PORT = 6379;
/** The user of the official image. */
const USER = 999;
const DATA = "/data";
const CONFIG = "/etc/longshore/redis.conf";
const START = "/etc/longshore/start.sh";
const PING = "/etc/longshore/ping.sh";
/** Redis calls the user that clients without a name are by this name. */
const LOGIN = "default";
const DATABASE = "0";
/** Where Memorystore listens with TLS. */
const TLS_PORT = 6378;

function planRedis(definition: RedisDefinition, settings: PlanSettings): PlannedRedis {
  const { name, version, eviction, appendOnly } = definition;
  const kind = redisKind(definition, settings);
  return {
    name,
    engine: "redis",
    kind,
    version,
    port: kind === "container" ? PORT : TLS_PORT,
    authority: `${name}-ca`,
    highAvailability: settings.datastores?.[name]?.highAvailability ?? settings.environment === "prod",
    storage: parseQuantity(definition.storage) ?? 0,
    login: { name: LOGIN, secret: passwordOf(definition) },
    maxMemory: parseQuantity(definition.maxMemory) ?? 0,
    eviction,
    appendOnly,
  };
}

/** A cache may lose what it has; what asks for every write on disk gets it only in a container. */
export function redisKind(
  { name, appendOnly }: Pick<RedisDefinition, "name" | "appendOnly">,
  { target, datastores }: PlanSettings,
): PlannedRedis["kind"] {
  const chosen = datastores?.[name]?.kind;
  if (chosen === undefined) {
    return target === "gcp" && !appendOnly ? "memorystore" : "container";
  }
  return chosen === "memorystore" ? "memorystore" : "container";
}

function passwordOf({ name }: Pick<RedisDefinition, "name">): string {
  return `${name}-password`;
}

function redisWorkload(
  planned: PlannedRedis,
  definition: RedisDefinition,
  { environment }: PlanSettings,
): Workload {
  return {
    ...containerOf(planned.name, planned.name, USER),
    kind: "store",
    command: ["sh", START],
    secretFiles: [secretFile("REDIS_PASSWORD", planned.login.secret)],
    configFiles: [
      { path: PING, content: PING_SCRIPT },
      { path: CONFIG, content: configuration(planned) },
      { path: START, content: START_SCRIPT },
    ],
    ports: [{ name: "redis", port: PORT }],
    probes: {
      live: { check: { kind: "tcp", port: PORT }, intervalSeconds: 10, timeoutSeconds: 3, failures: 6 },
      ready: {
        check: { kind: "exec", command: ["sh", PING] },
        intervalSeconds: 5,
        timeoutSeconds: 3,
        failures: 3,
      },
      // A large file of writes is read before it answers.
      startupSeconds: 120,
    },
    resources: planResources(definition.environments[environment]?.resources ?? definition.resources),
    volumes: planned.appendOnly ? [{ name: "data", path: DATA, size: planned.storage }] : [],
  };
}

function redisExporter({ name, port, login }: PlannedRedis): Exporter {
  const address = `redis://${name}:${port}`;
  return exporter({
    of: name,
    image: {
      source: { kind: "upstream", reference: "oliver006/redis_exporter:v1.69.0-alpine" },
      user: 59000,
      runtime: "wget",
    },
    port: 9121,
    container: {
      env: [
        { name: "REDIS_ADDR", value: address },
        { name: "REDIS_EXPORTER_LOG_FORMAT", value: "json" },
      ],
      secretFiles: [
        {
          ...secretFile("REDIS_PASSWORD", login.secret),
          value: joined([`{"${address}":"`, { late: "secret", secret: login.secret }, `"}`]),
        },
      ],
    },
  });
}

function configuration({ maxMemory, eviction, appendOnly }: PlannedRedis): string {
  return [
    "# Written by Longshore.",
    `port ${PORT}`,
    "bind * -::*",
    "aclfile /tmp/users.acl",
    `maxmemory ${maxMemory}`,
    `maxmemory-policy ${eviction}`,
    `dir ${appendOnly ? DATA : "/tmp"}`,
    `appendonly ${appendOnly ? "yes" : "no"}`,
    // Snapshots would only double what the file of writes has.
    'save ""',
    "",
  ].join("\n");
}

// Redis gets the password's hash: whatever characters it has, none of them can be misread, and no command shows it.
const START_SCRIPT = `set -eu
umask 077
hash=$(sha256sum < "$REDIS_PASSWORD_FILE")
printf 'user ${LOGIN} on #%s ~* &* +@all\\n' "\${hash%% *}" > /tmp/users.acl
exec redis-server ${CONFIG}
`;

const PING_SCRIPT = `REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE")
export REDISCLI_AUTH
[ "$(redis-cli -h 127.0.0.1 -p ${PORT} ping)" = PONG ]
`;

function redisValue(planned: PlannedRedis, property: DatastoreProperty): PlanValue | null | undefined {
  const { name, port, login, authority } = planned;
  const isManaged = planned.kind === "memorystore";
  const host: PlanValue = isManaged ? { late: "host", datastore: name } : name;
  switch (property) {
    case "host":
      return host;
    case "ca":
      // Within one machine's or cluster's private network the container has no certificate.
      return isManaged ? { late: "secret", secret: authority } : null;
    case "port":
      return String(port);
    case "database":
      return DATABASE;
    case "username":
      return login.name;
    case "password":
      return { late: "secret", secret: login.secret };
    case "url":
      return joined([
        isManaged ? "rediss://:" : "redis://:",
        { late: "secret", secret: login.secret, encode: "uri" },
        "@",
        host,
        `:${port}/${DATABASE}`,
      ]);
    default:
      return undefined;
  }
}

export const redis: EngineRules<RedisDefinition, PlannedRedis> = {
  properties: ["host", "port", "database", "username", "password", "url", "ca"],
  names: (definition) => ({ secrets: [passwordOf(definition)], exporter: `${definition.name}-exporter` }),
  provided: ({ kind, login, authority }) => (kind === "memorystore" ? [login.secret, authority] : []),
  plan: planRedis,
  image: ({ name, version }) => ({
    name,
    source: { kind: "upstream", reference: `redis:${version}` },
    user: USER,
    runtime: "none",
  }),
  store: redisWorkload,
  job: () => undefined,
  exporter: redisExporter,
  value: redisValue,
};
