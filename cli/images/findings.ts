/** One finding of a scanner. */
export interface Finding {
  readonly severity: string;
  /** Such as CVE-2026-1234, DL3008 or AVD-KSV-0109. */
  readonly id: string;
  /** File with line, package with version. */
  readonly where: string;
  readonly what: string;
}

interface HadolintFinding {
  readonly file: string;
  readonly line: number;
  readonly level: string;
  readonly code: string;
  readonly message: string;
}

/** Parses the output of `hadolint --format json`. Keeps only failures. */
export function hadolintFindings(printed: string): Finding[] {
  return (JSON.parse(printed) as HadolintFinding[])
    .filter(({ level }) => level === "warning" || level === "error")
    .map(({ file, line, level, code, message }) => ({
      severity: level,
      id: code,
      where: `${file}:${line}`,
      what: message,
    }));
}

interface TrivyReport {
  readonly Results?: readonly {
    readonly Target: string;
    readonly Vulnerabilities?: readonly {
      readonly VulnerabilityID: string;
      readonly PkgName: string;
      readonly InstalledVersion: string;
      readonly FixedVersion?: string;
      readonly Severity: string;
      readonly Title?: string;
    }[];
    readonly Misconfigurations?: readonly {
      readonly ID: string;
      readonly Message: string;
      readonly Severity: string;
      readonly Status?: string;
      readonly CauseMetadata?: { readonly StartLine?: number };
    }[];
    readonly Secrets?: readonly {
      readonly RuleID: string;
      readonly Title: string;
      readonly Severity: string;
      readonly StartLine: number;
    }[];
  }[];
}

/** Parses a JSON report of Trivy. Never includes the text of a secret. */
export function trivyFindings(report: string): Finding[] {
  return ((JSON.parse(report) as TrivyReport).Results ?? []).flatMap(
    ({ Target, Vulnerabilities = [], Misconfigurations = [], Secrets = [] }) => [
      ...Vulnerabilities.map((one) => ({
        severity: one.Severity,
        id: one.VulnerabilityID,
        where: `${one.PkgName} ${one.InstalledVersion}`,
        what: [one.Title ?? "", one.FixedVersion ? `fixed in ${one.FixedVersion}` : "no fix yet"]
          .filter(Boolean)
          .join("; "),
      })),
      ...Misconfigurations.filter(({ Status = "FAIL" }) => Status === "FAIL").map((one) => ({
        severity: one.Severity,
        id: one.ID,
        where: `${Target}${one.CauseMetadata?.StartLine ? `:${one.CauseMetadata.StartLine}` : ""}`,
        what: one.Message,
      })),
      ...Secrets.map(({ Severity, RuleID, StartLine, Title }) => ({
        severity: Severity,
        id: RuleID,
        where: `${Target}:${StartLine}`,
        what: Title,
      })),
    ],
  );
}

/** Counts findings by severity, highest first: `2 CRITICAL, 1 HIGH` */
export function countText(findings: readonly Finding[]): string {
  const order = ["CRITICAL", "HIGH", "error", "warning"];
  const counts = new Map<string, number>();
  for (const { severity } of findings) {
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([severity, count]) => `${count} ${severity}`)
    .join(", ");
}
