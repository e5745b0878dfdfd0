/** The fields of a SARIF log that merging needs. All other fields are kept unchanged. */
export interface SarifLog {
  readonly $schema?: string;
  readonly version: string;
  readonly runs: readonly SarifRun[];
}

interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly rules?: readonly SarifRule[] } };
  readonly results?: readonly { readonly ruleId?: string; readonly ruleIndex?: number }[];
  readonly automationDetails?: { readonly id: string };
}

interface SarifRule {
  readonly id: string;
}

/**
 * Merges logs into one with one run per category, for GitHub code scanning, which rejects uploads with two runs of the
 * same category or more than 20 runs.
 */
export function mergeSarif(byCategory: Readonly<Record<string, readonly SarifLog[]>>): SarifLog {
  const runs = Object.entries(byCategory).flatMap(([category, logs]) => {
    const all = logs.flatMap((log) => log.runs);
    const [first] = all;
    return first ? [mergeRuns(first, all, category)] : [];
  });
  return { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs };
}

function mergeRuns(first: SarifRun, all: readonly SarifRun[], category: string): SarifRun {
  const rules = new Map(all.flatMap(({ tool }) => (tool.driver.rules ?? []).map((rule) => [rule.id, rule])));
  return {
    ...first,
    automationDetails: { id: `${category}/` },
    tool: { ...first.tool, driver: { ...first.tool.driver, rules: [...rules.values()] } },
    // A rule's index is valid only in the list of its own run.
    results: all.flatMap(({ results = [] }) => results.map(({ ruleIndex: _, ...result }) => result)),
  };
}
