import "./sdk";
import { compareText } from "../../base/problems";
import { startOfflineProviders } from "../../offline";
import { offlineWorkspace } from "../../offline/workspace";
import { missingSecrets } from "../../settings";
import { repoRoot } from "../../tools/paths";
import type { JsonOption, StackOption, SystemOption } from "../support/options";
import { chosen, loadPlans } from "../support/plans";
import { startProgress } from "../support/progress";
import { openTerminal, plural, table, type Terminal } from "../support/terminal";
import type { Change, Deployment } from "./changes";
import { deploy, documentOf, loadProgram, throwIfFailed } from "./deploy";
import { describeSummary, shortType } from "./describe";
import { openTools } from "./open-config";

export type OfflineOptions = StackOption & SystemOption & JsonOption;

/**
 * Runs `longshore preview --offline`: the real engine plans a first deployment with planning providers. Needs no
 * account, key or network, and lists its assumptions.
 */
export async function previewOffline({ stack, system, json = false }: OfflineOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal);
  // Plans all systems of the stack, because the program describes all of them even if only some are shown.
  const planned = loadPlans(stack);
  chosen(planned.settings, system);
  const missing = planned.plans.flatMap((plan) => {
    const names = missingSecrets(plan, planned.settings);
    return plan.secrets.filter(({ name }) => names.includes(name)).map(({ configPath }) => configPath);
  });
  progress.now("starting the offline providers");
  const [tools, workspace, providers] = await Promise.all([
    openTools({ docker: false }, progress),
    offlineWorkspace({
      repoRoot: repoRoot(),
      stack,
      missingSecrets: missing,
    }),
    startOfflineProviders(),
  ]);
  try {
    const opened = {
      ...planned,
      asked: {},
      stack,
      command: tools.command,
      workDir: workspace.workDir,
      env: { ...tools.env, ...workspace.env, ...providers.env },
    };
    const init = tools.command.run(["stack", "init", stack], { cwd: opened.workDir, env: opened.env });
    await Promise.all([init, loadProgram()]);
    const result = await deploy("preview", opened, terminal, progress, { system });
    const assumptions = [...workspace.assumptions, ...providers.assumptions];
    if (json) {
      terminal.json({ ...documentOf("preview", stack, result), offline: true, assumptions });
    } else if (result.status === "ok") {
      printGroups(result.deployment, terminal);
      terminal.out(`${stack}, offline: ${describeSummary(result.deployment, "planned", result.seconds)}`);
      const rows = assumptions.map((assumption) => [terminal.colors.dim("assumed:"), assumption]);
      table([], rows, terminal).forEach(terminal.out);
    }
    throwIfFailed("preview", opened, result);
  } finally {
    progress.stop();
    providers.close();
    await workspace.remove();
  }
}

/** Prints resources below their component: one line per type, sorted, so that two previews can be compared. */
function printGroups(deployment: Deployment, terminal: Terminal): void {
  const { out, colors } = terminal;
  for (const [group, changes] of groupsOf(deployment.changed())) {
    out(`${colors.bold(group)} ${colors.dim(plural(changes.length, "resource"))}`);
    const types = new Map<string, string[]>();
    changes.forEach(({ type, name }) => {
      types.set(shortType(type), [...(types.get(shortType(type)) ?? []), name]);
    });
    const rows = [...types]
      .sort(([a], [b]) => compareText(a, b))
      .map(([type, names]) => [colors.green("  +"), type, names.sort(compareText).join(", ")]);
    table([], rows, terminal).forEach(out);
  }
}

/** Groups changes by the component directly below the stack. Resources without one are listed under "stack". */
export function groupsOf(changes: readonly Change[]): Map<string, Change[]> {
  const byUrn = new Map(changes.map((change) => [change.urn, change]));
  const top = (change: Change): Change => {
    const parent = change.parent === undefined ? undefined : byUrn.get(change.parent);
    return parent === undefined ? change : top(parent);
  };
  const parents = new Set(changes.map(({ parent }) => parent));
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const root = top(change);
    const name = root === change && !parents.has(change.urn) ? "stack" : root.name;
    groups.set(name, [...(groups.get(name) ?? []), change]);
  }
  return groups;
}
