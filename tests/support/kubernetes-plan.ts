import assert from "node:assert/strict";
import type { Plan, Workload } from "../../catalog/plan/types";
import { renderKubernetes, type KubernetesObject, type KubernetesOptions } from "../../render/kubernetes";

const MEBIBYTE = 2 ** 20;

/** A minimal workload. Tests override the fields that they concern. */
export function workload(name: string, fields: Partial<Workload> = {}): Workload {
  return {
    name,
    kind: "service",
    image: "app",
    user: 1000,
    env: [],
    secretFiles: [],
    configFiles: [],
    ports: [],
    probes: { startupSeconds: 60 },
    resources: {
      cpu: { request: 100, limit: 1000 },
      memory: { request: 128 * MEBIBYTE, limit: 256 * MEBIBYTE },
    },
    scale: { kind: "fixed", replicas: 1 },
    writable: ["/tmp"],
    volumes: [],
    after: [],
    connects: [],
    clients: [],
    egress: [],
    exceptions: [],
    graceSeconds: 30,
    ...fields,
  };
}

/** A plan of the given workloads, in start order. */
export function planOf(workloads: readonly Workload[], fields: Partial<Plan> = {}): Plan {
  return {
    system: "shop",
    environment: "prod",
    target: "kubernetes",
    images: [
      {
        name: "app",
        source: { kind: "upstream", reference: "registry.example/app:1.2.3" },
        user: 1000,
        runtime: "none",
      },
    ],
    workloads: [...workloads].sort((a, b) => (a.name < b.name ? -1 : 1)),
    startOrder: workloads.map(({ name }) => name),
    datastores: [],
    secrets: [],
    routes: [],
    ...fields,
  };
}

/** A probe of port 8000 every ten seconds. */
export const httpProbe = (path: string) =>
  ({
    check: { kind: "http", path, port: 8000 },
    intervalSeconds: 10,
    timeoutSeconds: 3,
    failures: 3,
  }) as const;

/** A plan of users → frontend → backend → database, with a job that prepares the database. */
export function threeTierPlan(): Plan {
  const url = {
    late: "text",
    parts: ["postgresql://app:", { late: "secret", secret: "db-app", encode: "uri" }, "@db:5432/shop"],
  } as const;
  const database = { name: "database-url", variable: "DATABASE_URL_FILE", path: "/run/secrets/database-url" };
  return planOf(
    [
      workload("db", {
        kind: "store",
        user: 999,
        ports: [{ name: "postgres", port: 5432 }],
        probes: {
          live: {
            check: { kind: "exec", command: ["pg_isready", "-q"] },
            intervalSeconds: 5,
            timeoutSeconds: 3,
            failures: 6,
          },
          startupSeconds: 120,
        },
        volumes: [{ name: "data", path: "/var/lib/postgresql/data", size: 10 * 2 ** 30 }],
        clients: [
          { from: "backend", port: 5432 },
          { from: "migrate", port: 5432 },
        ],
        secretFiles: [
          {
            name: "postgres-password",
            variable: "POSTGRES_PASSWORD_FILE",
            path: "/run/secrets/postgres-password",
            value: { late: "secret", secret: "db-admin" },
          },
        ],
        graceSeconds: 60,
      }),
      workload("migrate", {
        kind: "job",
        command: ["migrate", "up"],
        secretFiles: [{ ...database, value: url }],
        configFiles: [{ path: "/etc/shop/migrate.conf", content: "verbose = yes\n" }],
        connects: [{ to: "workload", workload: "db", port: 5432 }],
        after: [{ workload: "db", condition: "healthy" }],
        timeoutSeconds: 600,
      }),
      workload("backend", {
        ports: [{ name: "http", port: 8000 }],
        env: [{ name: "LOG_LEVEL", value: "info" }],
        secretFiles: [{ ...database, value: url }],
        probes: { live: httpProbe("/livez"), ready: httpProbe("/readyz"), startupSeconds: 45 },
        scale: { kind: "automatic", min: 2, max: 6, cpu: 70 },
        connects: [{ to: "workload", workload: "db", port: 5432 }],
        clients: [
          { from: "edge", port: 8000 },
          { from: "frontend", port: 8000 },
        ],
        egress: [{ host: "api.openai.com", port: 443 }],
        metrics: { port: 8000, path: "/metrics" },
        after: [{ workload: "migrate", condition: "completed" }],
      }),
      workload("frontend", {
        ports: [{ name: "http", port: 3000 }],
        env: [{ name: "API_URL", value: "http://backend:8000" }],
        scale: { kind: "fixed", replicas: 3 },
        connects: [{ to: "workload", workload: "backend", port: 8000 }],
        clients: [{ from: "edge", port: 3000 }],
      }),
    ],
    {
      host: "shop.example.com",
      routes: [
        { path: "/api", workload: "backend", port: 8000 },
        { path: "/", workload: "frontend", port: 3000 },
      ],
      secrets: ["db-admin", "db-app"].map((name) => ({
        name,
        secret: name,
        generation: 1,
        from: "generated" as const,
        value: { kind: "text" as const, length: 32 },
        configPath: `longshore:secrets.shop.${name}`,
      })),
    },
  );
}

/** Options that render to text. Secrets become `SECRET-<name>`, so that tests can search for leaks. */
export function textOptions(options: Partial<KubernetesOptions<string>> = {}): KubernetesOptions<string> {
  return {
    resolver: {
      secret: (name) => `SECRET-${name}`,
      host: () => "10.20.30.40",
      text: (parts) => parts.join(""),
    },
    imageReference: ({ source }) =>
      source.kind === "upstream" ? source.reference : `registry.example/${source.context}:src`,
    ...options,
  };
}

export type Fields = Record<string, unknown>;

export function render(plan: Plan, options: Partial<KubernetesOptions<string>> = {}) {
  return renderKubernetes(plan, textOptions(options));
}

export function find(
  objects: readonly KubernetesObject<string>[],
  kind: string,
  name?: string,
): KubernetesObject<string> {
  const found = objects.find(
    (one) => one.kind === kind && (name === undefined || one.metadata.name === name),
  );
  assert.ok(found, `${kind} ${name ?? ""} is missing`);
  return found;
}

export const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((part, key) => (part as Fields | undefined)?.[key], value);

/** Renders the pod of a plan with one workload. */
export function podOf(fields: Partial<Workload>, options: Partial<KubernetesOptions<string>> = {}) {
  const objects = render(planOf([workload("app", fields)]), options);
  const controller = objects.find(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind));
  const pod = at(controller, "spec.template.spec") as Fields;
  return {
    pod,
    container: (pod.containers as Fields[])[0] ?? {},
    template: at(controller, "spec.template"),
    objects,
  };
}
