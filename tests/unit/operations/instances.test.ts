import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { instancesOf } from "../../../operations/kubernetes/instances";
import type { ContainerState, Event, Ingress, Job, Pod } from "../../../operations/kubernetes/objects";

const labels = (name: string, component = "service") => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/managed-by": "longshore",
});

interface PodFields {
  readonly name?: string;
  readonly component?: string;
  readonly created?: string;
  readonly ending?: boolean;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restarts?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  readonly unschedulable?: string;
}

function pod(service: string, fields: PodFields = {}): Pod {
  const { name = `${service}-1`, component, created = "2026-11-30T10:00:00Z" } = fields;
  const conditions = [
    { type: "Ready", status: fields.ready === true ? "True" : "False" },
    ...(fields.unschedulable === undefined
      ? []
      : [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: fields.unschedulable }]),
  ];
  const status = {
    name: service,
    ready: fields.ready ?? false,
    started: fields.started ?? false,
    restartCount: fields.restarts ?? 0,
    ...(fields.state && { state: fields.state }),
    ...(fields.lastState && { lastState: fields.lastState }),
  };
  return {
    metadata: {
      name,
      labels: labels(service, component),
      creationTimestamp: created,
      ...(fields.ending === true && { deletionTimestamp: created }),
    },
    spec: {
      containers: [
        {
          name: service,
          image: `eu.gcr.io/acme/${service}@sha256:1`,
          readinessProbe: {},
          resources: { limits: { memory: "512Mi" } },
        },
      ],
    },
    status: {
      phase: fields.phase ?? "Running",
      conditions,
      containerStatuses: fields.state ? [status] : [],
    },
  };
}

const running: ContainerState = { running: { startedAt: "2026-11-30T10:00:05Z" } };
const exited = (exitCode: number, reason = "Error"): ContainerState => ({
  terminated: { exitCode, reason, startedAt: "2026-11-30T10:00:05Z" },
});
const waiting = (reason: string, message?: string): ContainerState => ({
  waiting: { reason, ...(message !== undefined && { message }) },
});

function seen(
  pods: readonly Pod[],
  more: { jobs?: readonly Job[]; ingresses?: readonly Ingress[]; events?: readonly Event[] } = {},
) {
  return instancesOf({ system: "todo", pods, jobs: [], ingresses: [], events: [], ...more });
}

const only = (...args: Parameters<typeof seen>) => {
  const [one, ...rest] = seen(...args);
  assert.equal(rest.length, 0);
  return one ?? assert.fail("no instance");
};

describe("instances in a cluster", () => {
  it("are ready pods in the words of this machine", () => {
    assert.deepEqual(only([pod("api", { state: running, ready: true, started: true, restarts: 2 })]), {
      id: "api-1",
      container: "api",
      hasPod: true,
      system: "todo",
      service: "api",
      kind: "service",
      state: "running",
      health: "healthy",
      exitCode: 0,
      restarts: 2,
      startedAt: "2026-11-30T10:00:05.000Z",
      image: "eu.gcr.io/acme/api@sha256:1",
      published: [],
      waitsFor: [],
      problems: [],
    });
  });

  it("start until the startup probe has succeeded, and are unhealthy when readiness fails after it", () => {
    assert.equal(only([pod("api", { state: running, started: false })]).health, "starting");
    assert.equal(only([pod("api", { state: running, started: true })]).health, "unhealthy");
  });

  it("leave out pods that are ending, and pods of others", () => {
    const foreign = { ...pod("x", { state: running }), metadata: { name: "debug" } };
    assert.deepEqual(seen([pod("api", { state: running, ending: true }), foreign]), []);
  });

  const PROBLEMS: readonly [string, Pod, string, RegExp][] = [
    [
      "an image that cannot be pulled",
      pod("api", { phase: "Pending", state: waiting("ImagePullBackOff", "not found") }),
      "created",
      /^the image cannot be pulled: not found$/,
    ],
    [
      "a pod that no node fits",
      pod("api", { phase: "Pending", unschedulable: "0/3 nodes are available: 3 Insufficient cpu." }),
      "created",
      /^no node fits: 0\/3 nodes are available: 3 Insufficient cpu\.$/,
    ],
    [
      "a missing secret",
      pod("api", { phase: "Pending", state: waiting("CreateContainerConfigError", 'secret "x" not found') }),
      "created",
      /^its configuration is incomplete: secret "x" not found$/,
    ],
    [
      "a container that keeps exiting",
      pod("api", { state: waiting("CrashLoopBackOff"), lastState: exited(3), restarts: 4 }),
      "restarting",
      /^keeps exiting: exit code 3$/,
    ],
    [
      "a container without memory",
      pod("api", { state: waiting("CrashLoopBackOff"), lastState: exited(137, "OOMKilled"), restarts: 1 }),
      "restarting",
      /^keeps exiting: out of memory$/,
    ],
  ];
  for (const [what, of, state, problem] of PROBLEMS) {
    it(`say why they are not ready: ${what}`, () => {
      const { problems = [], state: is } = only([of]);
      assert.equal(is, state);
      assert.match(problems.join("; "), problem);
    });
  }

  it("know the limit of a container that was killed for memory", () => {
    const killed = { state: waiting("CrashLoopBackOff"), lastState: exited(137, "OOMKilled") };
    const { outOfMemory, exitCode } = only([pod("api", killed)]);
    assert.equal(outOfMemory, 512 * 2 ** 20);
    assert.equal(exitCode, 137);
  });

  it("say the newest warning of each reason where the status has no reason, and none about a ready pod", () => {
    const event = (name: string, reason: string, message: string, lastTimestamp: string): Event => ({
      involvedObject: { kind: "Pod", name },
      type: "Warning",
      reason,
      message,
      lastTimestamp,
    });
    const events = [
      event("api-1", "Unhealthy", "Readiness probe failed: old", "2026-11-30T10:01:00Z"),
      event("api-1", "Unhealthy", "Readiness probe failed:\n HTTP 503", "2026-11-30T10:02:00Z"),
      event("api-1", "FailedMount", "no volume", "2026-11-30T10:00:00Z"),
      event("web-1", "Unhealthy", "of another pod", "2026-11-30T10:03:00Z"),
    ];
    const unready = pod("api", { state: running, started: true });
    assert.deepEqual(only([unready], { events }).problems, ["Readiness probe failed: HTTP 503", "no volume"]);
    assert.deepEqual(only([pod("api", { state: running, ready: true })], { events }).problems, []);
  });

  it("are the last run of a job, not the attempts before", () => {
    const failed = pod("migrate", { name: "m-1", component: "job", phase: "Failed", state: exited(1) });
    const done = pod("migrate", {
      name: "m-2",
      component: "job",
      phase: "Succeeded",
      state: exited(0, "Completed"),
      created: "2026-11-30T10:05:00Z",
    });
    const { id, kind, state, exitCode, problems } = only([done, failed]);
    assert.deepEqual(
      { id, kind, state, exitCode, problems },
      { id: "m-2", kind: "job", state: "exited", exitCode: 0, problems: [] },
    );
  });

  it("are jobs whose pods are gone, by the job's own status", () => {
    const job = (type: string): Job => ({
      metadata: { name: "migrate-1", labels: labels("migrate", "job") },
      status: { conditions: [{ type, status: "True", message: "reached the backoff limit" }] },
    });
    assert.equal(only([], { jobs: [job("Complete")] }).exitCode, 0);
    const failed = only([], { jobs: [job("Failed")] });
    assert.equal(failed.exitCode, 1);
    assert.deepEqual(failed.problems, ["reached the backoff limit"]);
  });

  it("have the addresses that Ingresses route to them", () => {
    const ingress = (tls: readonly object[]): Ingress => ({
      spec: {
        tls,
        rules: [
          {
            host: "todo.example.com",
            http: {
              paths: [
                { path: "/api", backend: { service: { name: "api" } } },
                { path: "/", backend: { service: { name: "web" } } },
              ],
            },
          },
        ],
      },
    });
    const [api, web] = seen([pod("api", { state: running }), pod("web", { state: running })], {
      ingresses: [ingress([{}])],
    });
    assert.deepEqual([api?.published, api?.scheme], [["todo.example.com/api"], "https"]);
    assert.deepEqual(web?.published, ["todo.example.com"]);
    assert.equal(only([pod("api", { state: running })], { ingresses: [ingress([])] }).scheme, undefined);
  });
});
