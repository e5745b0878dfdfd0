import { relative } from "node:path";
import type { Problem } from "./problems";
import type { SystemDefinition } from "./types";

/** A stack that is captured now and formatted only when a problem needs it: formatting is what costs time. */
interface Place {
  readonly stack?: string;
}

/** Captures where a function was called. */
export function placeOfCall(callee: (...args: never[]) => unknown): Place {
  const place: Place = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(place, callee);
  Error.stackTraceLimit = limit;
  return place;
}

/** `stacks/todo.ts:35`, relative to the checkout, or undefined when the engine knows no file. */
export function formatPlace({ stack = "" }: Place): string | undefined {
  const [, file, line] = /^\s+at .*?(?:\(|at |file:\/\/)?(\/[^():]+):(\d+):\d+\)?$/m.exec(stack) ?? [];
  // The bundler (bin/load.cjs) puts the root in place of the variable.
  const root = process.env.LONGSHORE_ROOT ?? process.cwd();
  return file === undefined ? undefined : `${relative(root, file)}:${line ?? ""}`;
}

/** Where the statements of a description are, by the path of what each describes. */
export class Statements {
  private readonly places = new Map<string, Place>();

  note(path: string, word: (...args: never[]) => unknown): void {
    this.places.set(path, placeOfCall(word));
  }

  /** The problem with the place of the statement that it is about. */
  locate(problem: Problem): Problem {
    for (let path = problem.path; problem.at === undefined && path !== ""; path = parentOf(path)) {
      const place = this.places.get(path);
      const at = place && formatPlace(place);
      if (at !== undefined) {
        return { ...problem, at };
      }
    }
    return problem;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

/** Kept beside the definitions, which stay plain data. */
const known = new WeakMap<SystemDefinition, Statements>();

export function rememberStatements(definition: SystemDefinition, statements: Statements): void {
  known.set(definition, statements);
}

/** Problems of a definition, each with its place in the source where that is known. */
export function located(definition: SystemDefinition, problems: readonly Problem[]): Problem[] {
  const statements = known.get(definition);
  return problems.map((problem) => statements?.locate(problem) ?? problem);
}
