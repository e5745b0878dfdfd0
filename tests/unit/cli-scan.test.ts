import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { countText, hadolintFindings, trivyFindings } from "../../cli/images/findings";
import { mergeSarif, type SarifLog } from "../../cli/images/sarif";
import { TrivyScanner } from "../../cli/images/scanners";
import { kubernetesDocument } from "../../cli/documents/kubernetes";
import { planSystem } from "../../catalog/plan";
import { systems } from "../../stacks";
import { writeFileSync } from "node:fs";
import { archiveName, surveyTrivy } from "../../tools/trivy";

describe("what scanners find", () => {
  it("is read from hadolint: warnings and errors", () => {
    const printed = JSON.stringify([
      { file: "a/Dockerfile", line: 3, level: "warning", code: "DL3006", message: "Tag the version" },
      { file: "a/Dockerfile", line: 4, level: "info", code: "DL3059", message: "Consolidate" },
    ]);
    assert.deepEqual(hadolintFindings(printed), [
      { severity: "warning", id: "DL3006", where: "a/Dockerfile:3", what: "Tag the version" },
    ]);
  });

  it("is read from Trivy: vulnerabilities, misconfigurations, and secrets without their text", () => {
    const findings = trivyFindings(
      JSON.stringify({
        Results: [
          {
            Target: "debian 13",
            Vulnerabilities: [
              {
                VulnerabilityID: "CVE-2026-1",
                PkgName: "libssl3",
                InstalledVersion: "3.0",
                FixedVersion: "3.1",
                Severity: "CRITICAL",
                Title: "Overflow",
              },
              { VulnerabilityID: "CVE-2026-2", PkgName: "zlib", InstalledVersion: "1", Severity: "HIGH" },
            ],
          },
          {
            Target: "todo.yaml",
            Misconfigurations: [
              {
                ID: "AVD-KSV-0001",
                Message: "escalation",
                Severity: "HIGH",
                Status: "FAIL",
                CauseMetadata: { StartLine: 7 },
              },
              { ID: "AVD-KSV-0002", Message: "fine", Severity: "HIGH", Status: "PASS" },
            ],
          },
          {
            Target: "/app/key.pem",
            Secrets: [
              { RuleID: "private-key", Title: "Private key", Severity: "HIGH", StartLine: 1, Match: "BEGIN" },
            ],
          },
          { Target: "nothing" },
        ],
      }),
    );
    assert.deepEqual(
      findings.map(({ severity, id, where, what }) => `${severity} ${id} ${where}: ${what}`),
      [
        "CRITICAL CVE-2026-1 libssl3 3.0: Overflow; fixed in 3.1",
        "HIGH CVE-2026-2 zlib 1: no fix yet",
        "HIGH AVD-KSV-0001 todo.yaml:7: escalation",
        "HIGH private-key /app/key.pem:1: Private key",
      ],
    );
    assert.equal(countText(findings), "1 CRITICAL, 3 HIGH");
  });
});

describe("what code scanning gets", () => {
  const log = (tool: string, ...ids: string[]): SarifLog => ({
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: tool, rules: ids.map((id) => ({ id })) } },
        results: ids.map((ruleId, ruleIndex) => ({ ruleId, ruleIndex })),
      },
    ],
  });

  it("is one run per category, however many images there are: GitHub refuses two of one, and more than 20", () => {
    const images = Array.from({ length: 25 }, (_, index) => log("Trivy", "CVE-1", `CVE-${index + 2}`));
    const { runs } = mergeSarif({ dockerfiles: [log("hadolint", "DL1")], documents: [log("Trivy")], images });
    assert.deepEqual(
      runs.map(({ tool, automationDetails }) => [tool.driver.name, automationDetails?.id]),
      [
        ["hadolint", "dockerfiles/"],
        ["Trivy", "documents/"],
        ["Trivy", "images/"],
      ],
    );
    const { tool, results } = runs[2] ?? {};
    assert.equal(tool?.driver.rules?.length, 26);
    assert.equal(results?.length, 50);
    assert.ok(results.every((result) => !("ruleIndex" in result)));
    assert.deepEqual(mergeSarif({ images: [] }).runs, []);
  });
});

describe("Trivy", () => {
  it("has an archive for the machines that its project builds for", () => {
    assert.match(archiveName("linux", "x64") ?? "", /^trivy_[\d.]+_Linux-64bit\.tar\.gz$/);
    assert.match(archiveName("darwin", "arm64") ?? "", /_macOS-ARM64\.tar\.gz$/);
    assert.equal(archiveName("win32", "x64"), undefined);
    assert.equal(archiveName("linux", "ia32"), undefined);
  });

  it("finds nothing of weight in the Kubernetes documents", async function () {
    this.timeout(300_000);
    const trivy = await surveyTrivy();
    if (!trivy) {
      console.log("    skipped: there is no Trivy here; bin/longshore scan gets it");
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), "longshore-scan-"));
    try {
      mkdirSync(join(folder, "documents"));
      const { todo } = systems;
      assert.ok(todo);
      const settings = { environment: "prod", target: "kubernetes", domain: "example.com" } as const;
      const plan = planSystem(todo, {
        ...settings,
        secretsSet: todo.secrets.map(({ name }) => name),
      });
      const text = kubernetesDocument(plan, { target: "kubernetes", lifecycle: "retain" });
      const scanner = new TrivyScanner(trivy.command, process.env, join(folder, "cache"));
      const scanned = async (document: string) => {
        writeFileSync(join(folder, "documents", "todo.yaml"), document);
        return scanner.config(join(folder, "documents"), join(folder, "report"));
      };
      assert.deepEqual(await scanned(text), []);
      // The same check must detect a violation.
      const loosened = text.replaceAll("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
      assert.notEqual(loosened, text);
      assert.ok((await scanned(loosened)).some(({ severity }) => severity === "HIGH"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
