import fc from "fast-check";
import type { Plan, PlannedProbe, PlannedScale, SecretFile, Workload } from "../../catalog/plan/types";
import { awkwardText } from "./arbitrary-system";
import { planOf, workload } from "./kubernetes-plan";

const GIBIBYTE = 2 ** 30;

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/);
const path = fc
  .stringMatching(/^(\/[A-Za-z0-9_.-]{1,12}){1,3}$/)
  .filter((one) => !/\/\.{1,2}(\/|$)/.test(one));
/** Each kind of mount has its own folder, because the catalog rejects two mounts at one path. */
const below = (folder: string) => path.map((one) => `${folder}${one}`);
const port = fc.integer({ min: 1, max: 65535 });
const unique = <T>(arbitrary: fc.Arbitrary<T>, key: (value: T) => unknown, maxLength = 3) =>
  fc.uniqueArray(arbitrary, { selector: key, maxLength });

const probe: fc.Arbitrary<PlannedProbe> = fc.record({
  check: fc.oneof(
    fc.record({ kind: fc.constant("http" as const), path, port }),
    fc.record({ kind: fc.constant("tcp" as const), port }),
    fc.record({
      kind: fc.constant("exec" as const),
      command: fc.array(awkwardText, { minLength: 1, maxLength: 3 }),
    }),
  ),
  intervalSeconds: fc.integer({ min: 1, max: 60 }),
  timeoutSeconds: fc.integer({ min: 1, max: 10 }),
  failures: fc.integer({ min: 1, max: 10 }),
});

const scale: fc.Arbitrary<PlannedScale> = fc.oneof(
  fc.record({ kind: fc.constant("fixed" as const), replicas: fc.integer({ min: 0, max: 5 }) }),
  fc.record(
    {
      kind: fc.constant("automatic" as const),
      min: fc.integer({ min: 1, max: 3 }),
      max: fc.integer({ min: 3, max: 9 }),
      cpu: fc.integer({ min: 1, max: 100 }),
      memory: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: ["kind", "min", "max"] },
  ),
);

const secretFile: fc.Arbitrary<SecretFile> = fc
  .record({
    name: label,
    folder: fc.constantFrom("/run/secrets", "/etc/app/keys"),
    secret: label,
    encode: fc.boolean(),
  })
  .map(({ name, folder, secret, encode }) => ({
    name,
    variable: `${name.toUpperCase().replaceAll("-", "_")}_FILE`,
    path: `${folder}/${name}`,
    value: {
      late: "text",
      parts: ["prefix:", { late: "secret", secret, ...(encode && { encode: "uri" as const }) }],
    },
  }));

const amount = fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 2_000 }));
const resources = fc.record({ cpu: amount, memory: amount }).map(({ cpu, memory }) => ({
  cpu: { request: cpu[0], limit: cpu[0] + cpu[1] },
  memory: { request: memory[0] * 2 ** 16, limit: (memory[0] + memory[1]) * 2 ** 16 },
}));

const count = fc.integer({ min: 1, max: 1000 });
const routeOptions = fc.record(
  {
    rateLimit: fc.record({
      requests: count,
      seconds: fc.constantFrom(1 as const, 60 as const),
      burst: count,
    }),
    corsOrigins: fc.constantFrom(["*"], ["https://app.example.com", "http://localhost:3000"]),
    bodyLimit: count,
    websocket: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

const fields = fc.record({
  name: label,
  kind: fc.constantFrom("service", "service", "job", "store"),
  user: fc.integer({ min: 1, max: 65535 }),
  command: fc.option(fc.array(awkwardText, { maxLength: 3 }), { nil: undefined }),
  env: unique(
    fc.record({ name: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/), value: awkwardText }),
    ({ name }) => name,
  ),
  secretFiles: unique(secretFile, ({ name }) => name),
  configFiles: unique(fc.record({ path: below("/etc/config"), content: awkwardText }), (file) => file.path),
  ports: unique(
    fc.record({ name: fc.constantFrom("http", "grpc", "metrics", "admin-1"), port }),
    ({ name }) => name,
  ).map((ports) =>
    ports.filter(({ port: number }, index) => ports.findIndex((one) => one.port === number) === index),
  ),
  live: fc.option(probe, { nil: undefined }),
  ready: fc.option(probe, { nil: undefined }),
  startupSeconds: fc.integer({ min: 1, max: 600 }),
  resources,
  scale,
  writable: fc.uniqueArray(below("/scratch"), { maxLength: 3 }),
  volumes: unique(
    fc.record({
      name: label,
      path: below("/data"),
      size: fc.integer({ min: 1, max: 9 }).map((size) => size * GIBIBYTE),
    }),
    ({ name }) => name,
  ).map((volumes) =>
    volumes.filter((one, index) => volumes.findIndex(({ path: p }) => p === one.path) === index),
  ),
  egress: fc.array(
    fc.record({ host: fc.constantFrom("api.example.com", "192.0.2.7", "2001:db8::1"), port }),
    { maxLength: 3 },
  ),
  exceptions: fc.subarray([
    { allow: "writable-root" as const, reason: "for a test" },
    { allow: "net-bind-service" as const, reason: "for a test: ünï" },
  ]),
  graceSeconds: fc.integer({ min: 1, max: 600 }),
  metrics: fc.option(fc.record({ port, path }), { nil: undefined }),
  datastore: fc.boolean(),
  edge: fc.boolean(),
  route: routeOptions,
  calls: fc.array(fc.nat(5), { maxLength: 3 }),
});

type Generated = typeof fields extends fc.Arbitrary<infer F> ? F : never;

/** Plans with everything that the plan format allows, including what the catalog cannot express yet. */
export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .uniqueArray(fields, { selector: ({ name }) => name, minLength: 1, maxLength: 6 })
  .map((generated) => {
    const workloads = generated.map((one, index) => complete(one, generated.slice(0, index)));
    const clients = (name: string) =>
      workloads.flatMap((one) =>
        one.connects.flatMap((edge) =>
          edge.to === "workload" && edge.workload === name ? [{ from: one.name, port: edge.port }] : [],
        ),
      );
    const routed = workloads.filter(({ kind, ports }) => kind === "service" && ports.length > 0);
    return planOf(
      workloads.map((one) => ({ ...one, clients: [...one.clients, ...clients(one.name)] })),
      {
        host: "shop.example.com",
        routes: routed.map(({ name, ports }) => ({
          path: `/${name}`,
          workload: name,
          port: ports[0]?.port ?? 0,
          ...generated.find((one) => one.name === name)?.route,
        })),
      },
    );
  });

function complete(generated: Generated, earlier: readonly Generated[]): Workload {
  const { live, ready, startupSeconds, command, metrics, datastore, edge, calls, route, ...rest } = generated;
  const callees = [...new Set(calls)]
    .flatMap((call) => earlier[call] ?? [])
    .filter(({ kind, ports }) => kind !== "job" && ports.length > 0);
  return workload(rest.name, {
    ...rest,
    ...(command && { command }),
    ...(metrics && { metrics }),
    ...(rest.kind === "job" && { ports: [], timeoutSeconds: 60 }),
    probes: { startupSeconds, ...(live && { live }), ...(ready && { ready }) },
    connects: [
      ...callees.map(({ name, ports }) => ({
        to: "workload" as const,
        workload: name,
        port: ports[0]?.port ?? 0,
      })),
      ...(datastore ? [{ to: "datastore" as const, datastore: "managed", port: 5432 }] : []),
    ],
    clients: edge && rest.ports[0] ? [{ from: "edge", port: rest.ports[0].port }] : [],
  });
}
