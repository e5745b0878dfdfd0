import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, describe, it } from "mocha";
import { run } from "../../../tools/process";
import { FakeCluster } from "../../support/fake-cluster";

const ROOT = resolve(__dirname, "../../..");
const CONTEXT = "gke_example-prod_us-central1_platform";

const labels = {
  "app.kubernetes.io/name": "backend",
  "app.kubernetes.io/component": "service",
  "app.kubernetes.io/managed-by": "longshore",
};
const pod = {
  metadata: { name: "backend-7d9c-abcde", labels },
  spec: { containers: [{ name: "backend", image: "todo/backend@sha256:1", readinessProbe: {} }] },
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: "False" }],
    containerStatuses: [
      {
        name: "backend",
        ready: false,
        started: true,
        restartCount: 1,
        image: "",
        imageID: "",
        state: { running: { startedAt: "2026-11-30T10:00:00Z" } },
      },
    ],
  },
};
/** A job whose pod has been deleted. */
const migrated = {
  metadata: {
    name: "migrate-1a2b",
    labels: { ...labels, "app.kubernetes.io/name": "migrate", "app.kubernetes.io/component": "job" },
  },
  status: { conditions: [{ type: "Complete", status: "True" }] },
};
/** A pod that has ended between the list and its logs. */
const gone = { ...pod, metadata: { ...pod.metadata, name: "backend-7d9c-gone1" } };
const warning = {
  metadata: { name: "w" },
  involvedObject: { kind: "Pod", name: pod.metadata.name },
  type: "Warning",
  reason: "Unhealthy",
  message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
};
const deployment = (updated: number, generation: number) => ({
  metadata: { name: "backend", generation },
  spec: { replicas: 1, selector: {}, template: {} },
  status: { observedGeneration: generation, replicas: 1, updatedReplicas: updated, availableReplicas: 1 },
});

describe("cli: what runs in a cluster, with a stand-in for its API server", function () {
  this.timeout(60_000);
  const namespaced = "/namespaces/todo";
  const cluster = new FakeCluster({
    [`GET /api/v1${namespaced}`]: { metadata: { name: "todo", annotations: { "longshore/stack": "prod" } } },
    [`GET /api/v1/namespaces/nexus`]: {
      metadata: { name: "nexus", annotations: { "longshore/stack": "other" } },
    },
    [`GET /api/v1${namespaced}/pods`]: [pod, gone],
    [`GET /api/v1${namespaced}/events`]: [warning],
    [`GET /apis/batch/v1${namespaced}/jobs`]: [migrated],
    [`GET /apis/networking.k8s.io/v1${namespaced}/ingresses`]: [],
    [`GET /apis/apps/v1${namespaced}/deployments`]: [deployment(1, 2)],
    [`GET /apis/apps/v1${namespaced}/statefulsets`]: [],
    [`PATCH /apis/apps/v1${namespaced}/deployments/backend`]: deployment(1, 2),
    [`GET /api/v1${namespaced}/pods/${pod.metadata.name}/log`]: "ready\nlistening on 8000\n",
  });
  let env: NodeJS.ProcessEnv;
  const longshore = (...args: string[]) =>
    run("bin/longshore", [...args, "--stack", "prod"], { cwd: ROOT, env, timeoutMs: 60_000 });

  before(async () => {
    env = { ...process.env, NO_COLOR: "1", ...(await cluster.start(CONTEXT)) };
  });
  after(() => {
    cluster.remove();
  });

  it("shows the pods, why they are not ready, and the services without one", async () => {
    const { code, stdout, stderr } = await longshore("status", "--system", "todo");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^todo\/backend +unhealthy +\S+.* +1$/m);
    assert.match(stdout, /^todo\/frontend +does not run/m);
    assert.match(stdout, /^todo\/backend: Readiness probe failed: HTTP probe failed with statuscode: 503$/m);
  });

  it("has the same fields as on this machine for a program", async () => {
    const { stdout } = await longshore("status", "--system", "todo", "--json");
    const { services, absent } = JSON.parse(stdout) as {
      services: Record<string, unknown>[];
      absent: { service: string }[];
    };
    assert.deepEqual(Object.keys(services[0] ?? {}).sort(), [
      ...["exitCode", "health", "id", "image", "kind", "problems", "published", "restarts", "service"],
      ...["startedAt", "state", "system", "waitsFor"],
    ]);
    assert.ok(absent.some(({ service }) => service === "frontend"));
  });

  it("fails the health check with the kubelet's last answer", async () => {
    const { code, stdout } = await longshore("health", "--system", "todo");
    assert.equal(code, 1);
    assert.match(stdout, /todo\/backend +not healthy +Readiness probe failed/);
  });

  it("prints the last lines of a system, each with its pod, and misses none for pods that are gone", async () => {
    const { code, stdout, stderr } = await longshore("logs", "--system", "todo", "--tail", "20");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "backend-7d9c-abcde | ready\nbackend-7d9c-abcde | listening on 8000\n");
    const { path = "" } = cluster.seen.find(({ path: each }) => each.includes("/log")) ?? {};
    assert.match(path, /container=backend/);
    assert.match(path, /tailLines=20/);
  });

  it("restarts a service by an annotation of its pods, and waits for the rollout", async () => {
    const { code, stdout, stderr } = await longshore("restart", "todo/backend", "--json");
    assert.equal(code, 0, stderr + stdout);
    const patch = cluster.seen.find(({ method }) => method === "PATCH");
    assert.match(patch?.body ?? "", /"kubectl\.kubernetes\.io\/restartedAt":"20/);
  });

  it("refuses a namespace of another stack", async () => {
    const { code, stderr } = await longshore("status", "--system", "nexus");
    assert.equal(code, 2);
    assert.match(stderr, /expected namespaces of stack prod, got nexus of stack other/);
  });

  it("says that the cluster does not answer", async () => {
    cluster.stop();
    const { code, stderr } = await longshore("status", "--system", "todo");
    assert.equal(code, 2);
    assert.match(stderr, /^error: gke_\S+: http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/);
    assert.equal(stderr.trim().split("\n").length, 1);
  });
});
