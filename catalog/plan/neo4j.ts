import type { DatastoreProperty } from "../references";
import { currentName, generationOf, previousName, valueName } from "../generations";
import type { Neo4jDefinition } from "../types";
import { parseQuantity } from "../../base/quantities";
import type { DatastoreKind, CredentialRevocation } from "./datastore-kind";
import { LOGIN_SCRIPT, RETIRE_SCRIPT } from "./neo4j-logins";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined, passwordJobs, secretFile } from "./store";
import type { PlannedNeo4j, PlanValue, Workload } from "./types";

const BOLT = 7687;
const HTTP = 7474;
/** User ID of the official image. */
const USER = 7474;
const DATA = "/data";
const READY = "/etc/longshore/ready.sh";
const SCRIPT = "/etc/longshore/login.sh";
const AUTH = "/run/secrets/neo4j-auth";
/**
 * The user that the image creates, and a second one. Rotations alternate between them, because a user has one password.
 */
const LOGINS = ["neo4j", "neo4j_b"] as const;
/** The only database of the community edition. */
const DATABASE = "neo4j";
const MEBIBYTE = 2 ** 20;

function planNeo4j(definition: Neo4jDefinition, { generations }: PlanSettings): PlannedNeo4j {
  const secret = passwordOf(definition);
  const { number } = generationOf(generations, secret);
  const isOdd = number % 2 === 1;
  const previous = previousName(generations, secret);
  return {
    name: definition.name,
    engine: "neo4j",
    kind: "container",
    version: definition.version,
    port: BOLT,
    storage: parseQuantity(definition.storage) ?? 0,
    database: DATABASE,
    login: {
      name: LOGINS[isOdd ? 0 : 1],
      secret: currentName(generations, secret),
      ...(previous !== undefined && { previous }),
    },
    resting: LOGINS[isOdd ? 1 : 0],
    initial: valueName(secret, isOdd ? number : number - 1),
  };
}

function passwordOf({ name }: Pick<Neo4jDefinition, "name">): string {
  return `${name}-password`;
}

function neo4jWorkload(
  planned: PlannedNeo4j,
  definition: Neo4jDefinition,
  { environment }: PlanSettings,
): Workload {
  const resources = planResources(definition.environments[environment]?.resources ?? definition.resources);
  const share = (parts: number) => `${Math.floor(resources.memory.limit / parts / MEBIBYTE)}m`;
  return {
    ...containerOf(planned.name, planned.name, USER),
    kind: "store",
    env: [
      { name: "JDK_JAVA_OPTIONS", value: JAVA_OPTIONS.join(" ") },
      { name: "NEO4J_dbms_usage__report_enabled", value: "false" },
      { name: "NEO4J_server_bolt_advertised__address", value: `${planned.name}:${BOLT}` },
      { name: "NEO4J_server_directories_logs", value: `${DATA}/logs` },
      { name: "NEO4J_server_directories_run", value: "/tmp" },
      // Used by the health check and the jobs that change passwords.
      { name: "NEO4J_server_http_listen__address", value: `0.0.0.0:${HTTP}` },
      { name: "NEO4J_server_memory_heap_initial__size", value: share(4) },
      { name: "NEO4J_server_memory_heap_max__size", value: share(2) },
      { name: "NEO4J_server_memory_pagecache_size", value: share(6) },
    ],
    secretFiles: [
      {
        name: "neo4j-auth",
        variable: "NEO4J_AUTH_PATH",
        path: AUTH,
        value: joined([`${LOGINS[0]}/`, { late: "secret", secret: planned.initial }]),
        // Neo4j reads the file only when it initializes the volume.
        live: true,
      },
    ],
    configFiles: [{ path: READY, content: READY_SCRIPT }],
    ports: [
      { name: "bolt", port: BOLT },
      { name: "http", port: HTTP },
    ],
    probes: {
      live: { check: { kind: "tcp", port: BOLT }, intervalSeconds: 10, timeoutSeconds: 3, failures: 6 },
      ready: {
        check: { kind: "exec", command: ["bash", READY] },
        intervalSeconds: 10,
        timeoutSeconds: 5,
        failures: 3,
      },
      startupSeconds: 240,
    },
    resources,
    // `/logs` is a volume of the image. If unmounted, every container would leave an anonymous volume behind.
    writable: ["/logs", "/tmp", "/var/lib/neo4j/conf"],
    volumes: [
      { name: "data", path: DATA, size: planned.storage, holds: { kind: "neo4j", version: planned.version } },
    ],
    graceSeconds: 60,
  };
}

const JAVA_OPTIONS = [
  // JVM options of the packaged configuration, which the read-only root hides.
  ...["java.io", "java.nio", "sun.nio.ch", "java.util.concurrent"].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
  // Netty and JNA extract native code there; it cannot run on an in-memory folder mounted noexec.
  `-Djna.tmpdir=${DATA}`,
  `-Dio.netty.native.workdir=${DATA}`,
];

// Without authentication: during a rotation either password may be valid, and repeated failures lock the account.
const READY_SCRIPT = `set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/${HTTP}
printf 'GET / HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\nAccept: application/json\\r\\n\\r\\n' >&3
answer=$(timeout 4 cat <&3)
[[ $answer == HTTP/1.?" 200"* && $answer == *'"neo4j_version"'* ]]
exec 4<>/dev/tcp/127.0.0.1/${BOLT}
`;

/**
 * Plans the job that sets the new password of the user that clients switch to. It completes before any client uses the
 * password.
 */
function loginJob(planned: PlannedNeo4j): Workload | undefined {
  const { previous } = planned.login;
  return previous === undefined
    ? undefined
    : userJob(planned, "login", LOGIN_SCRIPT, [secretFile("PREVIOUS_PASSWORD", previous)]);
}

/**
 * Plans the job that replaces the previous user's password with an unrecorded random one, after the last client has
 * switched.
 */
function retireUser(planned: PlannedNeo4j): CredentialRevocation | undefined {
  const { previous, secret } = planned.login;
  return previous === undefined ? undefined : { job: userJob(planned, "retire", RETIRE_SCRIPT, []), secret };
}

function userJob(
  { name, login, resting }: PlannedNeo4j,
  purpose: string,
  script: string,
  files: Workload["secretFiles"],
): Workload {
  return {
    ...containerOf(name, `${name}-${purpose}`, USER),
    kind: "job",
    command: ["bash", SCRIPT],
    env: [
      // Without the prefix NEO4J_: the image interprets such variables as server settings.
      { name: "GRAPH_HOST", value: name },
      { name: "GRAPH_PORT", value: String(HTTP) },
      { name: "GRAPH_RESTING", value: resting },
      { name: "GRAPH_USER", value: login.name },
    ],
    secretFiles: [secretFile("PASSWORD", login.secret), ...files],
    writable: ["/tmp", "/var/lib/neo4j/conf"],
    configFiles: [{ path: SCRIPT, content: script }],
    resources: planResources({ cpu: ["50m", "500m"], memory: ["32Mi", "64Mi"] }),
    after: [{ workload: name, condition: "healthy" }],
    connects: [{ to: "workload", workload: name, port: HTTP }],
    timeoutSeconds: 120,
  };
}

function neo4jValue(planned: PlannedNeo4j, property: DatastoreProperty): PlanValue | undefined {
  const { name, port, login, database } = planned;
  switch (property) {
    case "host":
      return name;
    case "port":
      return String(port);
    case "database":
      return database;
    case "username":
      return login.name;
    case "password":
      return { late: "secret", secret: login.secret };
    case "url":
      return `bolt://${name}:${port}`;
    default:
      return undefined;
  }
}

export const neo4j: DatastoreKind<Neo4jDefinition, PlannedNeo4j> = {
  properties: ["host", "port", "database", "username", "password", "url"],
  names: (definition) => ({ jobs: passwordJobs(definition.name), secrets: [passwordOf(definition)] }),
  plan: planNeo4j,
  image: ({ name, version }) => ({
    name,
    source: { kind: "upstream", reference: `neo4j:${version}-community` },
    user: USER,
    runtime: "none",
  }),
  store: neo4jWorkload,
  job: loginJob,
  retire: retireUser,
  // The community edition exposes no metrics. The container's resource usage is measured from outside.
  exporter: () => undefined,
  value: neo4jValue,
};
