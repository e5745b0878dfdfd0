import { yamlText } from "../../yaml/write";
import { backupRules, certificateRules, collectionRules, machineRules } from "./own-rules";
import { storeRules } from "./store-rules";
import type { Alert, RuleGroup, Source } from "./types";
import { workloadRules } from "./workload-rules";

/** Path of the page with the runbook of each alert. */
export const RUNBOOKS = "docs/reference/alerts.md";

/** Returns every rule that applies to a source of metrics. Datastores on clusters are managed or have no exporters. */
export function ruleGroups(source: Source): RuleGroup[] {
  return source === "cluster"
    ? workloadRules(source)
    : [
        ...workloadRules(source),
        ...storeRules(),
        ...backupRules(),
        ...certificateRules(),
        ...machineRules(),
        ...collectionRules(),
      ];
}

/** Returns rule groups in the format of Prometheus rule files. */
export function prometheusGroups(groups: readonly RuleGroup[], delay: string): object[] {
  return groups.map(({ name, recordings, alerts }) => ({
    name,
    rules: [
      ...recordings.map(({ record, expr }) => ({ record, expr })),
      ...alerts.map((alert) => alertRule(alert, delay)),
    ],
  }));
}

function alertRule({ name, severity, expr, for: after, summary, runbook }: Alert, delay: string): object {
  return {
    alert: name,
    expr,
    for: after === "delay" ? delay : after,
    labels: { severity },
    annotations: { summary, runbook, runbook_url: `${RUNBOOKS}#${name.toLowerCase()}` },
  };
}

/** Returns the rule file of Prometheus. `delay` may be a placeholder that is filled in later. */
export function ruleFile(delay: string): string {
  const groups = prometheusGroups(ruleGroups("compose"), delay);
  return `# Written by Longshore.\n${yamlText({ groups })}`;
}

/** Headings of groups whose name is not an English word. */
const GROUP_TITLES: Readonly<Record<string, string>> = { postgres: "PostgreSQL", edge: "Reverse proxy" };

/** Returns the page of all alerts, as Markdown. */
export function alertsPage(groups: readonly RuleGroup[] = ruleGroups("compose")): string {
  const sections = groups.map(({ name, alerts }) =>
    [`## ${GROUP_TITLES[name] ?? capitalized(name)}`, ...alerts.map(alertSection)].join("\n\n"),
  );
  return `${sections.join("\n\n")}\n`;
}

const capitalized = (text: string) => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;

function alertSection({ name, severity, expr, for: after, runbook }: Alert): string {
  const time = after === "delay" ? "`alertDelay` (2 minutes)" : after;
  const when = after === "0s" ? "At once" : `After ${time}`;
  return [`### ${name}`, `**${severity}.** ${runbook}`, `${when} of:`, `    ${expr}`]
    .join("\n\n")
    .replace("At once of:", "At once, when:");
}
