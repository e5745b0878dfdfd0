import { compareText } from "../base/problems";

/** Summary of one target of a build. */
export interface TargetSummary {
  /** Seconds from the start of the first uncached step to the end of the last one. */
  readonly seconds: number;
  /** Whether every step was cached. */
  readonly isCached: boolean;
}

/** A step of BuildKit, as `--progress rawjson` reports it. */
interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}

interface Report {
  readonly vertexes?: readonly Vertex[];
  readonly logs?: readonly { readonly vertex: string; readonly data: string }[];
}

/** Number of log lines shown of a failed step. */
const LINES = 24;
/** Parts of a step's name: `[todo_backend test 5/5] RUN python -m pytest` has target, stage and number, instruction. */
const STEP = /^\[(?<target>\S+)(?: (?<place>[^\]]*))?\] (?<what>.*)$/s;
const NUMBERED = /(^| )\d+\/\d+$/;

/** Parses the progress of a build line by line. */
export class BuildLog {
  private readonly vertices = new Map<string, Vertex>();
  private readonly output = new Map<string, string>();
  /** Lines that are no progress report: messages of buildx itself. */
  private readonly words: string[] = [];

  /** @param only the target, if there is only one; BuildKit then omits its name */
  constructor(
    private readonly onStep?: ((step: string) => void) | undefined,
    private readonly only?: string | undefined,
  ) {}

  add(line: string): void {
    const report = reportIn(line);
    if (!report) {
      this.words.push(line);
      return;
    }
    for (const reported of report.vertexes ?? []) {
      const vertex = { ...reported, name: this.nameOf(reported) };
      const before = this.vertices.get(vertex.digest);
      if (before?.started === undefined && vertex.started !== undefined && isOwnWork(vertex)) {
        this.onStep?.(stepText(vertex.name));
      }
      // A step shared by several targets is reported more than once. Earlier reports are kept.
      this.vertices.set(vertex.digest, {
        ...before,
        ...vertex,
        ...(before?.started && { started: before.started }),
      });
    }
    for (const { vertex, data } of report.logs ?? []) {
      const text = Buffer.from(data, "base64").toString("utf8");
      this.output.set(vertex, (this.output.get(vertex) ?? "") + text);
    }
  }

  /** Summaries by target. */
  summaries(): Map<string, TargetSummary> {
    const byTarget = new Map<string, Vertex[]>();
    for (const vertex of this.vertices.values()) {
      const target = STEP.exec(vertex.name)?.groups?.target;
      if (target !== undefined && vertex.completed !== undefined) {
        byTarget.set(target, [...(byTarget.get(target) ?? []), vertex]);
      }
    }
    return new Map(
      [...byTarget]
        .sort(([a], [b]) => compareText(a, b))
        .map(([name, vertices]) => [name, summary(vertices)]),
    );
  }

  /** The failed step with its last lines and the reason, or the messages of buildx. */
  failure(): string {
    const failed = [...this.vertices.values()].find(
      ({ error }) => error !== undefined && !/context canceled$/.test(error),
    );
    if (!failed) {
      return this.words.slice(-16).join("\n");
    }
    const lines = cleaned(this.output.get(failed.digest) ?? "").slice(-LINES);
    return [`> ${stepText(failed.name)}`, ...lines.map((line) => `  ${line}`), failed.error ?? ""].join("\n");
  }

  /** Name of a step, always with its target. */
  private nameOf({ name }: Vertex): string {
    return this.only === undefined
      ? name
      : name.replace(/^\[?/, (start) => `[${this.only ?? ""}${start === "[" ? " " : "] "}`);
  }
}

function reportIn(line: string): Report | undefined {
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    return JSON.parse(line) as Report;
  } catch {
    return undefined;
  }
}

/** Whether the step is an instruction of a Dockerfile, not loading or exporting. */
function isOwnWork({ name }: Vertex): boolean {
  const { place = "", what = "" } = STEP.exec(name)?.groups ?? {};
  return NUMBERED.test(place) && !what.startsWith("FROM ");
}

function stepText(name: string): string {
  const { target, place = "", what = "" } = STEP.exec(name)?.groups ?? {};
  return target === undefined ? name : `${[target, place].filter(Boolean).join(" ")}: ${oneLine(what)}`;
}

/** First line of an instruction, which identifies a heredoc. */
function oneLine(text: string): string {
  const [first = "", ...more] = text.split("\n");
  return more.length > 0 ? `${first} …` : first;
}

function cleaned(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.split("\r").at(-1) ?? "")
    .filter((line) => line.trim() !== "");
}

function summary(vertices: readonly Vertex[]): TargetSummary {
  const times = (values: readonly (string | undefined)[]) =>
    values.flatMap((value) => (value === undefined ? [] : [Date.parse(value)]));
  // Cached steps are reported with the times of an earlier build.
  const worked = vertices.filter(({ cached }) => cached !== true);
  const begin = Math.min(...times(worked.map(({ started }) => started)));
  const end = Math.max(...times(worked.map(({ completed }) => completed)));
  const own = vertices.filter(isOwnWork);
  return {
    seconds: Number.isFinite(end - begin) ? Math.max(0, end - begin) / 1000 : 0,
    isCached: own.every(({ cached }) => cached === true),
  };
}
