/** The part of a SARIF log that merging needs; the rest goes along as it is. */
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
 * One log with one run per category, for GitHub's code scanning: it takes an upload only where no two runs share a
 * category, and 20 runs at most.
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
    // The place of a rule in its own run's list means nothing in the list of all.
    results: all.flatMap(({ results = [] }) => results.map(({ ruleIndex: _, ...result }) => result)),
  };
}
