import assert from "node:assert/strict";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events";
import { createColors } from "picocolors";
import { Deployment, parsePath } from "../../cli/engine/changes";
import { planSystem } from "../../catalog/plan";
import { rerunEnvironment } from "../../cli/engine/rerun";
import { todo } from "../../stacks/todo";
import {
  describeChange,
  describeDiagnostic,
  describeRunning,
  describeSummary,
  isWorthALine,
  urlsIn,
} from "../../cli/engine/describe";

const NO_COLORS = createColors(false);
const SECRET_SIGN = "4dabf18193072939515e22adb298388d";

const urn = (name: string, type = "compose:index:Project") => `urn:pulumi:local::longshore::${type}::${name}`;

function step(op: string, name: string, more: Partial<StepEventMetadata> = {}): StepEventMetadata {
  const type = more.type ?? "compose:index:Project";
  return { op, urn: urn(name, type), type, provider: "", ...more } as StepEventMetadata;
}

function state(inputs: Record<string, unknown>, outputs: Record<string, unknown> = {}) {
  return { type: "", urn: "", id: "", parent: "", provider: "", inputs, outputs };
}

let sequence = 0;
const event = (timestamp: number, of: Partial<EngineEvent>): EngineEvent => ({
  sequence: sequence++,
  timestamp,
  ...of,
});

function run(events: readonly EngineEvent[]): Deployment {
  const deployment = new Deployment();
  events.forEach((one) => deployment.take(one));
  return deployment;
}

const lines = (deployment: Deployment) =>
  deployment.changed().flatMap((change) => describeChange(change, NO_COLORS));

describe("cli: what the engine does, in lines", () => {
  it("says what was done to each resource, how long it took, and a summary", () => {
    const deployment = run([
      event(100, { resourcePreEvent: { metadata: step("create", "todo") } }),
      event(100, { resourcePreEvent: { metadata: step("same", "nexus") } }),
      event(100, { resOutputsEvent: { metadata: step("same", "nexus") } }),
      event(112, { resOutputsEvent: { metadata: step("create", "todo") } }),
      event(113, {
        summaryEvent: { maybeCorrupt: false, durationSeconds: 13, resourceChanges: {}, policyPacks: {} },
      }),
    ]);
    assert.deepEqual(lines(deployment), ["  + created   todo Project 12 s"]);
    assert.equal(describeSummary(deployment, "done", 14), "1 created, 1 unchanged in 14 s");
    assert.equal(deployment.isComplete, true);
  });

  it("keeps to itself that a system which was not asked for has no address yet", () => {
    const message = "Undefined value (todo) will not show as a stack output.\n";
    const deployment = run([
      event(100, { diagnosticEvent: { color: "never", severity: "warning", message } }),
      event(100, { diagnosticEvent: { color: "never", severity: "warning", message: "the disk is full" } }),
    ]);
    assert.deepEqual(
      deployment.diagnostics.map((one) => one.message),
      ["the disk is full"],
    );
  });

  it("names what is under way", () => {
    const deployment = run([
      event(1, { resourcePreEvent: { metadata: step("create", "todo") } }),
      event(1, { resourcePreEvent: { metadata: step("update", "nexus") } }),
    ]);
    assert.equal(describeRunning(deployment.running()), "creating todo and 1 other");
  });

  it("shows the paths that change with short plain values", () => {
    const metadata = step("update", "todo", {
      old: state({ services: { backend: { image: "backend:1", limit: "256Mi" } } }),
      new: state({ services: { backend: { image: "backend:2" } } }),
      detailedDiff: {
        "services.backend.image": { diffKind: "update", inputDiff: true },
        "services.backend.limit": { diffKind: "delete", inputDiff: true },
      } as unknown as NonNullable<StepEventMetadata["detailedDiff"]>,
    });
    assert.deepEqual(lines(run([event(1, { resourcePreEvent: { metadata, planning: true } })])), [
      "  ~ update    todo Project",
      "      ~ services.backend.image backend:1 → backend:2",
      "      - services.backend.limit was 256Mi",
    ]);
  });

  it("never shows a secret: neither a masked text, nor a signed value, nor what is below one", () => {
    const signed = {
      [SECRET_SIGN]: "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "hush-cipher",
      plaintext: "hush-plain",
    };
    const inputs = { password: "[secret]", url: "postgres://a:[secret]@db", signed, list: [signed] };
    const metadata = step("update", "todo", {
      old: state({ ...inputs, password: "[secret]" }),
      new: state(inputs),
      detailedDiff: Object.fromEntries(
        ["password", "url", "signed", "signed.plaintext", "list[0]", "list[0].ciphertext"].map((path) => [
          path,
          { diffKind: "update", inputDiff: true },
        ]),
      ) as unknown as NonNullable<StepEventMetadata["detailedDiff"]>,
    });
    const stack = step("same", "longshore-local", {
      type: "pulumi:pulumi:Stack",
      new: state({}, { url: "http://127.0.0.1:8080", password: signed, deep: { list: [signed] } }),
    });
    const deployment = run([
      event(1, { resourcePreEvent: { metadata } }),
      event(2, { resOutputsEvent: { metadata } }),
      event(3, { resOutputsEvent: { metadata: stack } }),
    ]);
    assert.deepEqual(deployment.outputs, {
      url: "http://127.0.0.1:8080",
      password: "[secret]",
      deep: { list: ["[secret]"] },
    });
    const everything = [
      ...lines(deployment),
      JSON.stringify(deployment.changed()),
      JSON.stringify(deployment.outputs),
    ].join("\n");
    assert.doesNotMatch(everything, /hush/);
    assert.deepEqual(urlsIn(deployment.outputs), ["http://127.0.0.1:8080"]);
  });

  it("shows a replacement as one change, whatever its steps", () => {
    const metadata = (op: string) => step(op, "db");
    const deployment = run([
      event(1, { resourcePreEvent: { metadata: metadata("create-replacement") } }),
      event(2, { resOutputsEvent: { metadata: metadata("create-replacement") } }),
      event(2, { resourcePreEvent: { metadata: metadata("replace") } }),
      event(2, { resOutputsEvent: { metadata: metadata("replace") } }),
      event(3, { resourcePreEvent: { metadata: metadata("delete-replaced") } }),
      event(5, { resOutputsEvent: { metadata: metadata("delete-replaced") } }),
    ]);
    assert.deepEqual(lines(deployment), ["  ! replaced  db Project 4.0 s"]);
    assert.equal(describeSummary(deployment, "done", 5), "1 replaced in 5.0 s");
  });

  it("counts a failed resource as failed and keeps its message once, without a stack trace", () => {
    const message =
      "<{%reset%}>Unhandled exception: Error: backend is not healthy\n    at x (/a/b.ts:1:2)\n<{%reset%}>";
    const diagnosticEvent = { urn: urn("todo"), message, color: "never", severity: "error" } as const;
    const deployment = run([
      event(1, { resourcePreEvent: { metadata: step("create", "todo") } }),
      event(2, { diagnosticEvent }),
      event(2, { diagnosticEvent }),
      event(2, { diagnosticEvent: { message: "update failed", color: "never", severity: "error" } }),
      event(3, { resOpFailedEvent: { metadata: step("create", "todo"), status: 1, steps: 1 } }),
    ]);
    assert.deepEqual(
      deployment.diagnostics.map((one) => one.message),
      ["backend is not healthy"],
    );
    assert.deepEqual(lines(deployment), ["  ✗ failed    todo Project 2.0 s"]);
    assert.equal(describeSummary(deployment, "done", 3), "1 failed in 3.0 s");
    const [diagnostic] = deployment.diagnostics;
    assert.deepEqual(diagnostic && describeDiagnostic(diagnostic, NO_COLORS), [
      "    error: backend is not healthy",
    ]);
  });

  it("shows drift with what was found, and says nothing of a look that found none", () => {
    const services = (word: string) => ({ services: { backend: { state: word } } });
    const drift = { "services.backend.state": { diffKind: "update", inputDiff: false } };
    const deployment = run([
      event(1, { resourcePreEvent: { metadata: step("refresh", "nexus") } }),
      event(2, { resOutputsEvent: { metadata: step("refresh", "nexus") } }),
      event(1, { resourcePreEvent: { metadata: step("refresh", "todo") } }),
      event(2, {
        resOutputsEvent: {
          metadata: step("refresh", "todo", {
            old: state(services("running"), services("running")),
            new: state(services("running"), services("stopped (exit code 143)")),
            detailedDiff: drift as unknown as NonNullable<StepEventMetadata["detailedDiff"]>,
          }),
        },
      }),
    ]);
    const worthy = deployment.changed().filter(isWorthALine);
    assert.deepEqual(
      worthy.flatMap((change) => describeChange(change, NO_COLORS)),
      ["  ~ drifted   todo Project 1.0 s", "      ~ backend: stopped (exit code 143)"],
    );
    assert.equal(describeSummary(deployment, "done", 2), "1 drifted in 2.0 s");
  });

  it("counts what was under way at the end as not finished", () => {
    const deployment = run([event(1, { resourcePreEvent: { metadata: step("update", "todo") } })]);
    assert.equal(describeSummary(deployment, "done", 2), "1 not finished in 2.0 s");
  });

  it("leaves the engine's debug messages out and keeps progress of a provider nowhere", () => {
    const debug = { message: "Registering resource", color: "never", severity: "debug" } as never;
    const progress = {
      message: "waiting for db",
      color: "never",
      severity: "info",
      ephemeral: true,
    } as const;
    const deployment = new Deployment();
    assert.equal(deployment.take(event(1, { diagnosticEvent: debug })), undefined);
    assert.deepEqual(deployment.take(event(1, { diagnosticEvent: progress })), {
      severity: "info",
      message: "waiting for db",
      isEphemeral: true,
    });
    assert.deepEqual(deployment.diagnostics, []);
  });

  it("reads property paths as the engine writes them", () => {
    assert.deepEqual(parsePath('spec.containers[0]["a.b"].image'), [
      "spec",
      "containers",
      "0",
      "a.b",
      "image",
    ]);
    assert.deepEqual(parsePath('["say \\"hi\\""]'), ['say "hi"']);
  });
});

describe("up --rerun", () => {
  const plans = [planSystem(todo, { environment: "local", target: "compose" })];

  it("hands the names of jobs to the provider", () => {
    assert.deepEqual(rerunEnvironment([], plans), {});
    assert.deepEqual(rerunEnvironment(["migrate", "db-roles"], plans), {
      LONGSHORE_RERUN_JOBS: "migrate,db-roles",
    });
  });

  it("is no drift", () => {
    const properties = [{ path: "rerun.migrate", kind: "add" as const }];
    const change = { operation: "refresh", state: "done", properties } as unknown as Parameters<
      typeof isWorthALine
    >[0];
    assert.equal(isWorthALine(change), false);
    const drifted = { ...change, properties: [{ path: "services.api.state", kind: "update" as const }] };
    assert.equal(isWorthALine(drifted as unknown as typeof change), true);
  });

  it("refuses what is no job, and names the nearest", () => {
    assert.throws(
      () => rerunEnvironment(["migrat"], plans),
      /there is no job migrat; did you mean migrate\?/,
    );
    assert.throws(() => rerunEnvironment(["backend"], plans), /there is no job backend/);
  });
});
