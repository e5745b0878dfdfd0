import type { DiagnosticEvent, EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events";
import { redact } from "../../tools/redaction";

/** Operation on one resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "read" | "refresh" | "import" | "same";

/** One resource and the operation that the engine performs, or would perform, on it. */
export interface Change {
  readonly urn: string;
  /** `gcp:sql/databaseInstance:DatabaseInstance` */
  readonly type: string;
  readonly name: string;
  /** URN of the parent component. @default - the stack itself */
  readonly parent?: string;
  operation: Operation;
  state: "planned" | "running" | "done" | "failed";
  /** Changed properties, sorted by path. */
  properties: readonly PropertyChange[];
  /** Duration of the operation in seconds. @default - not finished, or only planned */
  seconds?: number;
}

export interface PropertyChange {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  readonly kind: "add" | "change" | "remove";
  /** Whether this difference forces a replacement. */
  readonly replaces: boolean;
  /** Short plain values only, never a secret. @default - not shown */
  readonly from?: string;
  readonly to?: string;
}

export interface Diagnostic {
  readonly severity: "warning" | "error" | "info";
  readonly message: string;
  readonly urn?: string;
  /** Progress that the next message replaces. */
  readonly isEphemeral?: boolean;
}

export interface Violation {
  readonly policy: string;
  readonly pack: string;
  readonly level: "mandatory" | "warning";
  readonly message: string;
  readonly urn?: string;
}

/** Collects the events of one run of the engine for people and for `--json`. */
export class Deployment {
  readonly changes = new Map<string, Change>();
  readonly diagnostics: Diagnostic[] = [];
  readonly violations: Violation[] = [];
  /** Outputs of the stack. Secrets are masked by the engine: `[secret]`. */
  outputs: Readonly<Record<string, unknown>> = {};
  /** Whether the engine reached its end. */
  isComplete = false;
  durationSeconds = 0;
  private readonly started = new Map<string, number>();

  /** Processes one event of the engine and returns what it changed. */
  take(event: EngineEvent): Change | Diagnostic | Violation | undefined {
    if (event.resourcePreEvent) {
      return this.begin(
        event.resourcePreEvent.metadata,
        event.resourcePreEvent.planning === true,
        event.timestamp,
      );
    }
    if (event.resOutputsEvent) {
      return this.end(event.resOutputsEvent.metadata, event.timestamp);
    }
    if (event.resOpFailedEvent) {
      return this.fail(event.resOpFailedEvent.metadata, event.timestamp);
    }
    if (event.diagnosticEvent) {
      return this.diagnose(event.diagnosticEvent);
    }
    if (event.policyEvent) {
      const { policyName, policyPackName, enforcementLevel, message, resourceUrn } = event.policyEvent;
      const violation: Violation = {
        policy: policyName,
        pack: policyPackName,
        level: enforcementLevel === "mandatory" ? "mandatory" : "warning",
        message: redact(plain(message)),
        ...(resourceUrn && { urn: resourceUrn }),
      };
      this.violations.push(violation);
      return violation;
    }
    if (event.summaryEvent) {
      this.isComplete = true;
      this.durationSeconds = event.summaryEvent.durationSeconds;
    }
    return undefined;
  }

  /** Effective changes, including drift found by a refresh, in the engine's order. */
  changed(): Change[] {
    return [...this.changes.values()].filter(
      ({ operation, state }) => operation !== "same" || state === "failed",
    );
  }

  running(): Change[] {
    return this.changed().filter(({ state }) => state === "running");
  }

  count(): Readonly<Record<Operation, number>> {
    const counts = { create: 0, update: 0, replace: 0, delete: 0, read: 0, refresh: 0, import: 0, same: 0 };
    for (const change of this.changes.values()) {
      const isIdleLook = change.operation === "refresh" && change.properties.length === 0;
      if ((change.state === "done" || change.state === "planned") && !isIdleLook) {
        counts[change.operation] += 1;
      }
    }
    return counts;
  }

  private begin(metadata: StepEventMetadata, planning: boolean, timestamp: number): Change | undefined {
    const operation = operationOf(metadata.op);
    if (operation === undefined || isHidden(metadata)) {
      return undefined;
    }
    const before = this.changes.get(metadata.urn);
    // A refresh precedes the resource's own step.
    const known = before?.operation === "refresh" ? undefined : before;
    const change: Change = {
      urn: metadata.urn,
      type: metadata.type,
      name: nameOf(metadata.urn),
      // A replacement consists of several steps: create, replace, delete.
      operation: known?.operation === "replace" ? "replace" : operation,
      state: planning ? "planned" : "running",
      ...parentOf(metadata),
      properties: known?.properties.length ? known.properties : propertyChanges(metadata),
    };
    this.changes.set(metadata.urn, change);
    if (known === undefined || !this.started.has(metadata.urn)) {
      this.started.set(metadata.urn, timestamp);
    }
    return change;
  }

  private end(metadata: StepEventMetadata, timestamp: number): Change | undefined {
    if (metadata.type === "pulumi:pulumi:Stack" && metadata.new?.outputs) {
      this.outputs = masked(metadata.new.outputs) as Record<string, unknown>;
    }
    const change = this.changes.get(metadata.urn) ?? this.begin(metadata, false, timestamp);
    if (change?.state === "running") {
      if (change.operation === "refresh") {
        change.properties = propertyChanges(metadata);
      }
      change.state = "done";
      change.seconds = Math.max(0, timestamp - (this.started.get(metadata.urn) ?? timestamp));
      return change;
    }
    return undefined;
  }

  private fail(metadata: StepEventMetadata, timestamp: number): Change | undefined {
    const change = this.changes.get(metadata.urn) ?? this.begin(metadata, false, timestamp);
    if (change) {
      change.state = "failed";
      change.seconds = Math.max(0, timestamp - (this.started.get(metadata.urn) ?? timestamp));
    }
    return change;
  }

  private diagnose({ severity, message, urn, ephemeral }: DiagnosticEvent): Diagnostic | undefined {
    const text = redact(withoutStack(plain(message)).trimEnd());
    if (text === "" || (severity as string) === "debug") {
      return undefined;
    }
    const diagnostic: Diagnostic = {
      severity: severity === "error" || severity === "warning" ? severity : "info",
      message: text,
      ...(urn && { urn }),
    };
    // Progress of a provider is ephemeral: displayed and not kept.
    const isKnown = this.diagnostics.some(
      ({ message: said, urn: of }) => said === text && of === diagnostic.urn,
    );
    if (isNoise(text) || isKnown) {
      return undefined;
    }
    if (!ephemeral) {
      this.diagnostics.push(diagnostic);
    }
    return { ...diagnostic, ...(ephemeral && { isEphemeral: true }) };
  }
}

/** Whether the text is the engine's summary of errors that are already reported per resource. */
function isNoise(text: string): boolean {
  // A system that is not targeted and was never deployed has no address yet.
  if (/^Undefined value \(.+\) will not show as a stack output\.$/.test(text)) {
    return true;
  }
  // The policy pack is on the PATH on purpose.
  if (text.startsWith("using pulumi-analyzer-policy-longshore from $PATH")) {
    return true;
  }
  return /^(update|preview|destroy|refresh) (failed|canceled)$/.test(text.trim());
}

/** Removes colour directives such as `<{%fg 1%}>`, and the frame around a single error. */
function plain(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").replace(/^1 error occurred:\n\s*\* /, "");
}

/** Removes the program's stack trace and the label of the engine's Node.js runtime. `--debug` shows both. */
function withoutStack(message: string): string {
  return message
    .replace(/^Unhandled exception: (?:\w*Error: )?/, "")
    .split("\n")
    .filter((line) => !/^\s+at .+/.test(line))
    .join("\n");
}

function operationOf(op: string): Operation | undefined {
  switch (op) {
    case "create":
    case "update":
    case "delete":
    case "read":
    case "refresh":
    case "import":
    case "same":
      return op;
    case "replace":
    case "create-replacement":
    case "delete-replaced":
    case "import-replacement":
    case "read-replacement":
    case "discard-replaced":
      return "replace";
    case "read-discard":
    case "discard":
      return "delete";
    default:
      return undefined;
  }
}

/** Whether the resource is internal: the stack itself or a provider. */
function isHidden({ type }: StepEventMetadata): boolean {
  return type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");
}

function parentOf({ old, new: next }: StepEventMetadata): { parent?: string } {
  const parent = next?.parent || old?.parent;
  return parent && !parent.includes("::pulumi:pulumi:Stack::") ? { parent } : {};
}

/** Last part of a URN: the resource's name in the program. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function propertyChanges(metadata: StepEventMetadata): PropertyChange[] {
  const detailed = Object.entries(metadata.detailedDiff ?? {});
  const entries = detailed.length
    ? detailed.map(([path, { diffKind, inputDiff }]) => ({ path, diffKind: diffKind, inputDiff }))
    : (metadata.diffs ?? []).map((path) => ({ path, diffKind: "update", inputDiff: true }));
  return entries
    .map(({ path, diffKind, inputDiff }): PropertyChange => {
      // Drift is a difference from the outputs that the provider read, not from the program's inputs.
      const before = inputDiff ? metadata.old?.inputs : metadata.old?.outputs;
      const after = inputDiff ? metadata.new?.inputs : (metadata.new?.outputs ?? metadata.new?.inputs);
      const from = diffKind.startsWith("add") ? undefined : shown(before, path);
      const to = diffKind.startsWith("delete") ? undefined : shown(after, path);
      return {
        path,
        kind: diffKind.startsWith("add") ? "add" : diffKind.startsWith("delete") ? "remove" : "change",
        replaces: diffKind.endsWith("replace"),
        ...(from !== undefined && from !== to && { from }),
        ...(to !== undefined && from !== to && { to }),
      };
    })
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

const LONGEST_VALUE = 60;
/** The engine's mask of a secret, and its marker of an unknown value. */
const MASK = "[secret]";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Key that marks an encrypted value in the engine's events. */
const SECRET_SIGN = "4dabf18193072939515e22adb298388d";

/** Replaces every secret in a value with the mask. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(masked);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return SECRET_SIGN in value
    ? MASK
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}

/** A short plain value at a path; undefined for secret, long or structured values. */
function shown(inputs: unknown, path: string): string | undefined {
  let value: unknown = inputs;
  for (const key of parsePath(path)) {
    if (typeof value !== "object" || value === null || SECRET_SIGN in value) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[key];
  }
  if (value === UNKNOWN) {
    return "(known after)";
  }
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    return undefined;
  }
  const text = String(value);
  return text.includes(MASK) || text.length > LONGEST_VALUE || text.includes("\n") ? undefined : text;
}

/** Splits a property path: `a.b[0]["c.d"]` → a, b, 0, c.d */
export function parsePath(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plainKey]) => quoted?.replace(/\\(.)/g, "$1") ?? index ?? plainKey ?? "",
  );
}
