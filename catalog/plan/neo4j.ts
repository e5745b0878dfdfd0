import type { DatastoreProperty } from "../references";
import type { Neo4jDefinition } from "../types";
import { parseQuantity } from "../values";
import type { EngineRules } from "./engine";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined } from "./store";
import type { PlannedNeo4j, PlanValue, Workload } from "./types";

const BOLT = 7687;
const HTTP = 7474;
/** The user of the official image. */
const USER = 7474;
const DATA = "/data";
const QUERY = "/etc/longshore/query.sh";
const AUTH = "/run/secrets/neo4j-auth";
/** The community edition has one user and one database, both called so. */
const LOGIN = "neo4j";
const DATABASE = "neo4j";
const MEBIBYTE = 2 ** 20;

function planNeo4j(definition: Neo4jDefinition): PlannedNeo4j {
  return {
    name: definition.name,
    engine: "neo4j",
    kind: "container",
    version: definition.version,
    port: BOLT,
    storage: parseQuantity(definition.storage) ?? 0,
    database: DATABASE,
    login: { name: LOGIN, secret: passwordOf(definition) },
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
      // For the health check only.
      { name: "NEO4J_server_http_listen__address", value: `127.0.0.1:${HTTP}` },
      { name: "NEO4J_server_memory_heap_initial__size", value: share(4) },
      { name: "NEO4J_server_memory_heap_max__size", value: share(2) },
      { name: "NEO4J_server_memory_pagecache_size", value: share(6) },
    ],
    secretFiles: [
      {
        name: "neo4j-auth",
        variable: "NEO4J_AUTH_PATH",
        path: AUTH,
        value: joined([`${LOGIN}/`, { late: "secret", secret: planned.login.secret }]),
      },
    ],
    configFiles: [{ path: QUERY, content: QUERY_SCRIPT }],
    ports: [{ name: "bolt", port: BOLT }],
    probes: {
      live: { check: { kind: "tcp", port: BOLT }, intervalSeconds: 10, timeoutSeconds: 3, failures: 6 },
      ready: {
        check: { kind: "exec", command: ["bash", QUERY] },
        intervalSeconds: 10,
        timeoutSeconds: 5,
        failures: 3,
      },
      startupSeconds: 240,
    },
    resources,
    // `/logs` is a volume of the image; unused, it would be left behind by every container.
    writable: ["/logs", "/tmp", "/var/lib/neo4j/conf"],
    volumes: [{ name: "data", path: DATA, size: planned.storage }],
    graceSeconds: 60,
  };
}

const JAVA_OPTIONS = [
  // What the packaged configuration, which a read-only root hides, tells Java.
  ...["java.io", "java.nio", "sun.nio.ch", "java.util.concurrent"].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
  // Native code is unpacked there; it cannot run from a folder in memory.
  `-Djna.tmpdir=${DATA}`,
  `-Dio.netty.native.workdir=${DATA}`,
];

// A real query as the real user, over the loopback address. The password is never an argument of a program.
const QUERY_SCRIPT = `set -euo pipefail
login=$(<"$NEO4J_AUTH_PATH")
authorization=$(printf '%s:%s' "\${login%%/*}" "\${login#*/}" | base64 --wrap=0)
body='{"statements":[{"statement":"RETURN 1"}]}'
exec 3<>/dev/tcp/127.0.0.1/${HTTP}
printf 'POST /db/${DATABASE}/tx/commit HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\nAuthorization: Basic %s\\r\\nAccess-Mode: READ\\r\\nAccept: application/json\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\n\\r\\n%s' \\
  "$authorization" "\${#body}" "$body" >&3
answer=$(timeout 4 cat <&3)
[[ $answer == HTTP/1.?" 200"* && $answer == *'"errors":[]'* ]]
`;

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

export const neo4j: EngineRules<Neo4jDefinition, PlannedNeo4j> = {
  properties: ["host", "port", "database", "username", "password", "url"],
  names: (definition) => ({ secrets: [passwordOf(definition)] }),
  plan: planNeo4j,
  image: ({ name, version }) => ({
    name,
    source: { kind: "upstream", reference: `neo4j:${version}-community` },
    user: USER,
    runtime: "none",
  }),
  store: neo4jWorkload,
  job: () => undefined,
  // The community edition offers no metrics; what its container uses is seen from outside.
  exporter: () => undefined,
  value: neo4jValue,
};
