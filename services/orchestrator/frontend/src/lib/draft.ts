import type { Issue, Workflow } from "./types.ts";

/** A workflow to begin with. */
export const EXAMPLE = `[
  {
    "id": "fetch",
    "kind": "http",
    "url": "http://backend:8000/api/workflows",
    "retries": 2
  },
  {
    "id": "wait",
    "kind": "delay",
    "seconds": 2
  },
  {
    "id": "report",
    "kind": "transform",
    "needs": ["fetch", "wait"],
    "value": { "status": "{{ steps.fetch.status }}" }
  }
]`;

export function stepsText(workflow: Workflow): string {
  const text = JSON.stringify(workflow.steps.map(withoutDefaults), null, 2);
  // Lists of plain words on one line, as people write them.
  return text.replace(
    /\[\n\s+("[^"\\\n]*"(?:,\n\s+"[^"\\\n]*")*)\n\s+\]/g,
    (_, words: string) => `[${words.replace(/,\n\s+/g, ", ")}]`,
  );
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  retries: 0,
  retry_delay: 1,
  timeout: 30,
  method: "GET",
  body: null,
  times: null,
};

/** The API writes every field out; people need to see only what was set. */
function withoutDefaults(step: object): object {
  return Object.fromEntries(
    Object.entries(step).filter(
      ([key, value]) =>
        !(key in DEFAULTS && DEFAULTS[key] === value) &&
        !(["needs", "expect", "headers"].includes(key) && Object.keys(value as object).length === 0),
    ),
  );
}

export type Parsed = { readonly value: unknown } | { readonly issue: string };

/** The JSON that a person typed, or where it stops being JSON. */
export function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    const position = /position (\d+)/.exec(message)?.[1];
    if (position === undefined || message.includes("line")) {
      return { issue: `This is not JSON: ${message}.` };
    }
    const before = text.slice(0, Number(position));
    const line = before.split("\n").length;
    const column = before.length - before.lastIndexOf("\n");
    return { issue: `This is not JSON, line ${line}, column ${column}: ${message}.` };
  }
}

/** `steps.1.needs.0` in words, with the step's id where it has one. */
export function placeOf(issue: Issue, steps: unknown): string {
  const [root, position, ...rest] = issue.path.split(".");
  if (root !== "steps" || position === undefined) {
    return root || "workflow";
  }
  const step: unknown = Array.isArray(steps) ? (steps as unknown[])[Number(position)] : undefined;
  const id = typeof step === "object" && step !== null && "id" in step ? step.id : undefined;
  const name = typeof id === "string" && id !== "" ? `step “${id}”` : `step ${Number(position) + 1}`;
  return rest.length === 0 ? name : `${name}, ${rest.join(".")}`;
}
