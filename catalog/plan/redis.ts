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

function planRedis(definition: RedisDefinition): PlannedRedis {
  const { name, version, eviction, appendOnly } = definition;
  return {
    name,
    engine: "redis",
    kind: "container",
    version,
    port: PORT,
    storage: parseQuantity(definition.storage) ?? 0,
    login: { name: LOGIN, secret: passwordOf(definition) },
    maxMemory: parseQuantity(definition.maxMemory) ?? 0,
    eviction,
    appendOnly,
  };
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

function redisValue(planned: PlannedRedis, property: DatastoreProperty): PlanValue | undefined {
  const { name, port, login } = planned;
  switch (property) {
    case "host":
      return name;
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
        "redis://:",
        { late: "secret", secret: login.secret, encode: "uri" },
        `@${name}:${port}/${DATABASE}`,
      ]);
    default:
      return undefined;
  }
}

export const redis: EngineRules<RedisDefinition, PlannedRedis> = {
  properties: ["host", "port", "database", "username", "password", "url"],
  names: (definition) => ({ secrets: [passwordOf(definition)], exporter: `${definition.name}-exporter` }),
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
