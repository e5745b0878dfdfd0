import type { DatastoreProperty } from "../references";
import { currentName, previousName } from "../generations";
import type { RedisDefinition } from "../types";
import { parseQuantity } from "../../base/quantities";
import type { DatastoreKind, CredentialRevocation } from "./datastore-kind";
import { exporter, type Exporter } from "./exporter";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined, passwordJobs, secretFile, startFile } from "./store";
import type { PlannedRedis, PlanValue, Workload } from "./types";

const PORT = 6379;
/** User ID of the official image. */
const USER = 999;
const DATA = "/data";
const CONFIG = "/etc/longshore/redis.conf";
const START = "/etc/longshore/start.sh";
const PING = "/etc/longshore/ping.sh";
const LOGIN_SCRIPT = "/etc/longshore/login.sh";
/** Redis' name for the user of clients that authenticate without a user name. */
const LOGIN = "default";
const HEALTH = "health";
const DATABASE = "0";
/** Memorystore's port for TLS. */
const TLS_PORT = 6378;

function planRedis(definition: RedisDefinition, settings: PlanSettings): PlannedRedis {
  const { name, version, eviction, appendOnly } = definition;
  const kind = redisKind(definition, settings);
  const secret = passwordOf(definition);
  // A managed instance generates its password.
  const generations = kind === "container" ? settings.generations : undefined;
  const previous = previousName(generations, secret);
  return {
    name,
    engine: "redis",
    kind,
    version,
    port: kind === "container" ? PORT : TLS_PORT,
    authority: `${name}-ca`,
    highAvailability: settings.datastores?.[name]?.highAvailability ?? settings.environment === "prod",
    storage: parseQuantity(definition.storage) ?? 0,
    login: {
      name: LOGIN,
      secret: currentName(generations, secret),
      ...(previous !== undefined && { previous }),
    },
    maxMemory: parseQuantity(definition.maxMemory) ?? 0,
    eviction,
    appendOnly,
  };
}

/** Returns how Redis is provided. Memorystore does not persist every write, so by default only caches use it. */
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
    secretFiles: [startFile("REDIS_PASSWORD", planned.login.secret)],
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
      // Redis loads the append-only file before it accepts commands; a large one takes time.
      startupSeconds: 120,
    },
    resources: planResources(definition.environments[environment]?.resources ?? definition.resources),
    volumes: planned.appendOnly
      ? [
          {
            name: "data",
            path: DATA,
            size: planned.storage,
            holds: { kind: "redis", version: String(planned.version) },
          },
        ]
      : [],
  };
}

/** Plans the job that adds the new password, before any client uses it. During a rotation both passwords are valid. */
function loginJob(planned: PlannedRedis): Workload | undefined {
  return planned.login.previous === undefined
    ? undefined
    : passwordJob(planned, "login", "#$hash", planned.login.previous);
}

/** Plans the job that revokes the previous password after the last client has switched. */
function retirePassword(planned: PlannedRedis): CredentialRevocation | undefined {
  const { previous, secret } = planned.login;
  return previous === undefined
    ? undefined
    : { job: passwordJob(planned, "retire", "resetpass #$hash", undefined), secret };
}

function passwordJob(
  { name, login }: PlannedRedis,
  purpose: string,
  rules: string,
  previous: string | undefined,
): Workload {
  return {
    ...containerOf(name, `${name}-${purpose}`, USER),
    kind: "job",
    command: ["sh", LOGIN_SCRIPT],
    env: [{ name: "REDIS_HOST", value: name }],
    secretFiles: [
      ...(previous !== undefined ? [secretFile("PREVIOUS_PASSWORD", previous)] : []),
      secretFile("REDIS_PASSWORD", login.secret),
    ],
    configFiles: [{ path: LOGIN_SCRIPT, content: loginScript(rules) }],
    resources: planResources({ cpu: ["50m", "500m"], memory: ["32Mi", "64Mi"] }),
    after: [{ workload: name, condition: "healthy" }],
    connects: [{ to: "workload", workload: name, port: PORT }],
    timeoutSeconds: 120,
  };
}

// The command is passed on standard input, because other processes can read arguments and a hash can be
// brute-forced.
function loginScript(rules: string): string {
  return `set -eu
hash=$(sha256sum < "$REDIS_PASSWORD_FILE")
hash=\${hash%% *}
for file in "$REDIS_PASSWORD_FILE" "\${PREVIOUS_PASSWORD_FILE:-}"; do
  [ -n "$file" ] || continue
  REDISCLI_AUTH=$(cat "$file")
  export REDISCLI_AUTH
  answer=$(echo "ACL SETUSER ${LOGIN} ${rules}" | redis-cli -h "$REDIS_HOST" -p ${PORT} 2>/dev/null || true)
  [ "$answer" != OK ] || exit 0
done
echo "$REDIS_HOST takes neither the password nor the one before it: \${answer%%#*}" >&2
exit 1
`;
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
    health: { live: "/health", ready: "/health" },
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
    // Snapshots would only duplicate the append-only file.
    'save ""',
    "",
  ].join("\n");
}

// Redis receives the password's hash. This avoids quoting problems, and no command reveals the password.
const START_SCRIPT = `set -eu
umask 077
hash=$(sha256sum < "$REDIS_PASSWORD_FILE")
printf 'user ${LOGIN} on #%s ~* &* +@all\\nuser ${HEALTH} on nopass -@all +ping\\n' "\${hash%% *}" > /tmp/users.acl
exec redis-server ${CONFIG}
`;

// Uses an account that may only PING, so that the check is independent of passwords during a rotation.
const PING_SCRIPT = `[ "$(redis-cli --no-auth-warning --user ${HEALTH} --pass none -h 127.0.0.1 -p ${PORT} ping)" = PONG ]
`;

function redisValue(planned: PlannedRedis, property: DatastoreProperty): PlanValue | null | undefined {
  const { name, port, login, authority } = planned;
  const isManaged = planned.kind === "memorystore";
  const host: PlanValue = isManaged ? { late: "host", datastore: name } : name;
  switch (property) {
    case "host":
      return host;
    case "ca":
      // In the private network of a machine or cluster, the container has no certificate.
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

export const redis: DatastoreKind<RedisDefinition, PlannedRedis> = {
  properties: ["host", "port", "database", "username", "password", "url", "ca"],
  names: (definition) => ({
    jobs: passwordJobs(definition.name),
    secrets: [passwordOf(definition)],
    exporter: `${definition.name}-exporter`,
  }),
  provided: ({ kind, login, authority }) => (kind === "memorystore" ? [login.secret, authority] : []),
  plan: planRedis,
  image: ({ name, version }) => ({
    name,
    source: { kind: "upstream", reference: `redis:${version}` },
    user: USER,
    runtime: "none",
  }),
  store: redisWorkload,
  job: loginJob,
  retire: retirePassword,
  exporter: redisExporter,
  value: redisValue,
};
