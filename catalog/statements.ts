import { relative } from "node:path";
import type { Problem } from "../base/problems";
import type { SystemDefinition } from "./types";

/** A captured stack. Formatting is expensive, so it is deferred until a problem needs the location. */
interface Place {
  readonly stack?: string;
}

/** Captures the call site of a function. */
export function placeOfCall(callee: (...args: never[]) => unknown): Place {
  const place: Place = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(place, callee);
  Error.stackTraceLimit = limit;
  return place;
}

/** Formats `stacks/todo.ts:35`, relative to the checkout. Returns undefined when the stack contains no file. */
export function formatPlace({ stack = "" }: Place): string | undefined {
  const [, file, line] = /^\s+at .*?(?:\(|at |file:\/\/)?(\/[^():]+):(\d+):\d+\)?$/m.exec(stack) ?? [];
  // The bundler (bin/load.cjs) replaces the variable with the root.
  const root = process.env.LONGSHORE_ROOT ?? process.cwd();
  return file === undefined ? undefined : `${relative(root, file)}:${line ?? ""}`;
}

/** Locations of the statements of a description, by the path that each describes. */
export class Statements {
  private readonly places = new Map<string, Place>();

  note(path: string, word: (...args: never[]) => unknown): void {
    this.places.set(path, placeOfCall(word));
  }

  /** Adds the location of the statement to a problem. */
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

/** Stored separately, so that definitions stay plain data. */
const known = new WeakMap<SystemDefinition, Statements>();

export function rememberStatements(definition: SystemDefinition, statements: Statements): void {
  known.set(definition, statements);
}

/** Adds source locations to the problems of a definition, where they are known. */
export function located(definition: SystemDefinition, problems: readonly Problem[]): Problem[] {
  const statements = known.get(definition);
  return problems.map((problem) => statements?.locate(problem) ?? problem);
}
