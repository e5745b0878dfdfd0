import { readdirSync } from "node:fs";
import { join } from "node:path";
import { availableParallelism } from "node:os";
import { cacheDir } from "../../tools/paths";
import type { History } from "./history";
import type { ImportGraph } from "./imports";
import { needsOf, type Lock, type Tool } from "./needs";

/** The suites, in the order of their names on the command line. `check` is short for the first three. */
export const SUITES = ["static", "unit", "golden", "engine", "e2e"] as const;
export type Suite = (typeof SUITES)[number];
export const CHECK: readonly Suite[] = ["static", "unit", "golden"];

/** A process that tests something. */
export interface Job {
  readonly title: string;
  readonly suite: Suite;
  readonly command: string;
  readonly args: readonly string[];
  /** Test files that mocha runs; none for a plain command, which counts as one test. */
  readonly files: readonly string[];
  readonly tools: readonly Tool[];
  readonly locks: readonly Lock[];
  /** How long it took the last time, or a guess. */
  readonly seconds: number;
}

/** Paths of all test files of these suites, relative to the checkout, sorted. */
export function testFiles(root: string, suites: readonly Suite[]): string[] {
  return suites
    .filter((suite) => suite !== "static")
    .flatMap((suite) =>
      readdirSync(join(root, "tests", suite), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".test.ts"))
        .map((file) => `tests/${suite}/${file}`),
    )
    .sort();
}

export interface JobOptions {
  readonly root: string;
  readonly suites: readonly Suite[];
  readonly files: readonly string[];
  readonly graph: ImportGraph;
  readonly history: History;
  /** Whether ESLint and Prettier may skip files that are unchanged since they passed. */
  readonly cached: boolean;
}

export function jobsOf({ root, suites, files, graph, history, cached }: JobOptions): Job[] {
  const bin = (name: string) => join(root, "node_modules", ".bin", name);
  const mocha = (title: string, of: readonly string[]): Job => {
    const needs = of.map((file) => needsOf(graph, file));
    return {
      title,
      suite: suiteOf(of[0] ?? ""),
      command: bin("mocha"),
      args: ["--no-color", "--reporter", "tests/runner/reporter.ts", ...of],
      files: of,
      tools: [...new Set(needs.flatMap(({ tools }) => tools))],
      locks: [...new Set(needs.flatMap(({ locks }) => locks))],
      seconds: of.reduce((sum, file) => sum + (history.seconds(file) ?? guess(file)), 0),
    };
  };
  const small = files.filter((file) => /^tests\/(unit|golden)\//.test(file));
  const free = small.filter((file) => needsOf(graph, file).tools.length === 0);
  const cost = (file: string) => history.seconds(file) ?? guess(file);
  return [
    ...(suites.includes("static") ? staticJobs(bin, cached, history) : []),
    // One process loads the SDK once for many files; one that waits for a tool must not hold up the others.
    ...split(free, cost, availableParallelism() * 2).map((group, index) =>
      mocha(`unit and golden tests, part ${index + 1}`, group),
    ),
    ...small.filter((file) => !free.includes(file)).map((file) => mocha(nameOf(file), [file])),
    ...files.filter((file) => !small.includes(file)).map((file) => mocha(nameOf(file), [file])),
  ];
}

function staticJobs(bin: (name: string) => string, cached: boolean, history: History): Job[] {
  const caches = join(cacheDir(), "lint");
  const cache = (tool: string) =>
    cached ? ["--cache", "--cache-strategy", "content", "--cache-location", join(caches, tool)] : [];
  const job = (title: string, command: string, args: readonly string[]): Job => ({
    title,
    suite: "static",
    command: bin(command),
    args,
    files: [],
    tools: [],
    locks: [],
    seconds: history.seconds(title) ?? 30,
  });
  return [
    job("types", "tsc", ["--noEmit"]),
    job("lint", "eslint", [".", "--max-warnings", "0", ...cache("eslint")]),
    job("format", "prettier", ["--check", "--log-level", "warn", ".", ...cache("prettier")]),
    job("layers", "depcruise", ["--config", ".dependency-cruiser.cjs", "--output-type", "err", "."]),
    job("prose", "tsx", ["tools/prose/check.ts", ...(cached ? ["--if-built"] : [])]),
  ];
}

const nameOf = (file: string) => file.replace(/^tests\//, "").replace(/\.test\.ts$/, "");

export function suiteOf(file: string): Suite {
  return SUITES.find((suite) => file.startsWith(`tests/${suite}/`)) ?? "unit";
}

/** Only the order matters, and only until a run has measured it. */
function guess(file: string): number {
  return file.startsWith("tests/e2e/kubernetes")
    ? 240
    : ({ e2e: 120, engine: 60 }[suiteOf(file) as string] ?? 1);
}

/** Splits items into groups of about equal cost: the costliest first, each to the cheapest group. Keeps no empty group. */
export function split<T>(items: readonly T[], cost: (item: T) => number, count: number): T[][] {
  const groups = Array.from({ length: count }, () => ({ items: [] as T[], cost: 0 }));
  for (const item of [...items].sort((a, b) => cost(b) - cost(a))) {
    const [cheapest] = [...groups].sort((a, b) => a.cost - b.cost);
    cheapest?.items.push(item);
    if (cheapest) {
      cheapest.cost += cost(item);
    }
  }
  return groups.map((group) => group.items).filter((group) => group.length > 0);
}
