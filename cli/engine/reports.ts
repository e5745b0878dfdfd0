import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Results in a test runner's reports. */
export interface Reports {
  readonly tests: number;
  readonly failed: number;
  readonly skipped: number;
  /** Line coverage, 0 to 1. @default - no coverage.xml */
  readonly coverage?: number;
}

/** Reads `junit.xml` and `coverage.xml` (Cobertura) of a folder. Undefined if there is no JUnit report. */
export function readReports(folder: string): Reports | undefined {
  const junit = textOf(join(folder, "junit.xml"));
  if (junit === undefined) {
    return undefined;
  }
  const suites = [...junit.matchAll(/<testsuite\s[^>]*>/g)].map(([tag]) => tag);
  const sum = (attribute: string) =>
    suites.reduce((total, tag) => total + Number(attributeOf(tag, attribute) ?? 0), 0);
  const coverage = attributeOf(
    /<coverage\s[^>]*>/.exec(textOf(join(folder, "coverage.xml")) ?? "")?.[0] ?? "",
    "line-rate",
  );
  return {
    tests: sum("tests"),
    failed: sum("failures") + sum("errors"),
    skipped: sum("skipped"),
    ...(coverage !== undefined && { coverage: Number(coverage) }),
  };
}

function attributeOf(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
