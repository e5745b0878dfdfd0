import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { readReports } from "../../cli/engine/reports";

const JUNIT = `<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests">
<testsuite name="unit" errors="1" failures="2" skipped="3" tests="20" time="1.5"><testcase name="a tests=&quot;9&quot;"/></testsuite>
<testsuite name="more" errors="0" failures="0" skipped="0" tests="4" time="0.1"></testsuite>
</testsuites>`;
const COVERAGE = `<?xml version="1.0" ?>\n<coverage version="7" lines-valid="10" line-rate="0.9" branch-rate="0">\n</coverage>`;

describe("the reports of a test runner", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-reports-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are summed up over all suites, with the share of lines that ran", () => {
    writeFileSync(join(folder, "junit.xml"), JUNIT);
    writeFileSync(join(folder, "coverage.xml"), COVERAGE);
    assert.deepEqual(readReports(folder), { tests: 24, failed: 3, skipped: 3, coverage: 0.9 });
  });

  it("need no coverage, and without JUnit say nothing", () => {
    writeFileSync(join(folder, "coverage.xml"), COVERAGE);
    assert.equal(readReports(folder), undefined);
    writeFileSync(join(folder, "junit.xml"), JUNIT);
    rmSync(join(folder, "coverage.xml"));
    assert.deepEqual(readReports(folder), { tests: 24, failed: 3, skipped: 3 });
  });
});
