import { formatSeconds, plural, type Colors } from "../support/terminal";
import type { Change, Deployment, Diagnostic, Operation, PropertyChange, Violation } from "./changes";
import { describeProject, isIntention, PROJECT_TYPE } from "./project-changes";

type Tense = "planned" | "done";

const SIGNS: Record<Operation, string> = {
  create: "+",
  update: "~",
  replace: "!",
  delete: "-",
  read: ">",
  refresh: "~",
  import: "=",
  same: " ",
};

const PAST: Record<Operation, string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  read: "read",
  refresh: "drifted",
  import: "imported",
  same: "unchanged",
};

const PRESENT: Record<Operation, string> = {
  create: "creating",
  update: "updating",
  replace: "replacing",
  delete: "deleting",
  read: "reading",
  refresh: "looking at",
  import: "importing",
  same: "checking",
};

const MAX_PROPERTIES = 6;

/** Whether a change deserves a line. A refresh does only if it found drift. */
export function isWorthALine({ operation, state, properties }: Change): boolean {
  return (
    state === "failed" || (operation === "refresh" ? !properties.every(isIntention) : operation !== "same")
  );
}

/** One line for an operation on a resource, and one line for each changed property. */
export function describeChange(change: Change, colors: Colors): string[] {
  const paint = painter(change, colors);
  const sign = change.state === "failed" ? "✗" : SIGNS[change.operation];
  const word =
    change.state === "failed"
      ? "failed"
      : change.state === "planned"
        ? change.operation
        : PAST[change.operation];
  const time =
    change.seconds !== undefined && change.seconds >= 1
      ? colors.dim(` ${formatSeconds(change.seconds)}`)
      : "";
  const head = `  ${paint(`${sign} ${word.padEnd(9)}`)} ${change.name} ${colors.dim(shortType(change.type))}${time}`;
  const detailed =
    change.operation === "update" || change.operation === "replace" || change.operation === "refresh";
  const isProject = change.type === PROJECT_TYPE;
  const { lines, rest } = isProject ? describeProject(change) : { lines: [], rest: change.properties };
  const properties = detailed ? rest : [];
  const more = properties.length - MAX_PROPERTIES;
  return [
    head,
    ...(detailed ? lines : []).map((line) => `      ${line}`),
    ...properties.slice(0, MAX_PROPERTIES).map((property) => `      ${describeProperty(property, colors)}`),
    ...(more > 0 ? [colors.dim(`      and ${plural(more, "more difference")}`)] : []),
  ];
}

function describeProperty({ path, kind, replaces, from, to }: PropertyChange, colors: Colors): string {
  const value =
    from !== undefined && to !== undefined
      ? ` ${from} → ${to}`
      : to !== undefined
        ? ` ${to}`
        : from !== undefined
          ? ` was ${from}`
          : "";
  const word = { add: "+", change: "~", remove: "-" }[kind];
  return `${colors.dim(word)} ${path}${value}${replaces ? colors.yellow(" (replaces the resource)") : ""}`;
}

/** Describes the running operations, for the progress line. */
export function describeRunning(changes: readonly Change[]): string {
  const [first, ...others] = changes;
  if (!first) {
    return "working out what changes";
  }
  const rest = others.length > 0 ? ` and ${plural(others.length, "other")}` : "";
  return `${PRESENT[first.operation]} ${first.name}${rest}`;
}

export function describeDiagnostic({ severity, message }: Diagnostic, colors: Colors): string[] {
  const [first = "", ...more] = message.split("\n");
  const label =
    severity === "error" ? colors.red("error: ") : severity === "warning" ? colors.yellow("warning: ") : "";
  return [`    ${label}${first}`, ...more.map((line) => `    ${line}`)];
}

/** Describes a policy violation: the finding, and below it the rule. The engine reports the rule first. */
export function describeViolation({ level, policy, message, urn }: Violation, colors: Colors): string[] {
  const label = level === "mandatory" ? colors.red("policy: ") : colors.yellow("policy (advice): ");
  const where = urn ? `${urn.split("::").at(-1) ?? ""}: ` : "";
  const [demand = "", ...found] = message.split("\n").filter((line) => line.trim() !== "");
  const lines = found.length > 0 ? found : [demand];
  return [
    ...lines.map((line) => `    ${label}${where}${line} (${policy})`),
    ...(found.length > 0 ? [colors.dim(`      ${demand}`)] : []),
  ];
}

/** `3 created, 1 updated, 12 unchanged in 14 s` */
export function describeSummary(deployment: Deployment, tense: Tense, seconds: number): string {
  const counts = deployment.count();
  const parts = (["create", "update", "replace", "delete", "import", "refresh"] as const)
    .filter((operation) => counts[operation] > 0)
    .map((operation) => `${counts[operation]} ${tense === "planned" ? `to ${operation}` : PAST[operation]}`);
  const failed = deployment.changed().filter(({ state }) => state === "failed").length;
  const unfinished = deployment.running().filter(({ operation }) => operation !== "refresh").length;
  const all = [
    ...parts,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unfinished > 0 ? [`${unfinished} not finished`] : []),
    ...(counts.same > 0 ? [`${counts.same} unchanged`] : []),
  ];
  return `${all.length > 0 ? all.join(", ") : "nothing to do"} in ${formatSeconds(seconds)}`;
}

function painter({ operation, state }: Change, colors: Colors): (text: string) => string {
  if (state === "failed") {
    return colors.red;
  }
  switch (operation) {
    case "create":
      return colors.green;
    case "update":
      return colors.yellow;
    case "replace":
      return colors.magenta;
    case "delete":
      return colors.red;
    default:
      return colors.dim;
  }
}

/** Last part of a type: `kubernetes:apps/v1:Deployment` → `Deployment`. */
export function shortType(type: string): string {
  return type.split(":").at(-1) ?? type;
}

/** URLs among the outputs of a stack. */
export function urlsIn(outputs: Readonly<Record<string, unknown>>): string[] {
  const urls = (value: unknown): string[] => {
    if (typeof value === "string") {
      return /^https?:\/\/\S+$/.test(value) ? [value] : [];
    }
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(urls) : [];
  };
  return [...new Set(urls(outputs))];
}
