import { findService, survey, type MachineSurvey } from "../compose/survey";
import { requireNoDeployment } from "../compose/restart";
import { Failure, usage } from "../support/failure";
import { startProgress } from "../support/progress";
import { confirm, openTerminal, type Terminal } from "../support/terminal";
import { removeUpgrade, upgradeOf, writeUpgrade, type UpgradeRecord } from "./record";
import { commit, removeVolume } from "./switch";
import { switchOver } from "./upgrade";
import type { UpgradeOptions } from "./options";

/** Runs `longshore upgrade --back`: makes the data from before an upgrade current again. */
export async function back(name: string, options: UpgradeOptions): Promise<void> {
  const terminal = openTerminal(options);
  const { found, record } = await finished(name, options, terminal);
  const { stack, system, store, from, to } = record;
  const label = `${system}/${store}`;
  const container = found.containers.find((one) => one.system === system && one.service === store);
  if (!container) {
    throw usage(`${label}: has no container\nfix: bin/longshore up --system ${system}`);
  }
  if (options.yes !== true) {
    await confirm(
      terminal,
      `Roll ${label} back to PostgreSQL ${from.version} with its data from before the upgrade of ${record.since}? ` +
        `Everything written since stays in volume ${to.volume} and is not in it.`,
    );
  }
  Object.assign(process.env, found.engine.env);
  const progress = await startProgress(terminal);
  try {
    const way: UpgradeRecord = {
      ...record,
      ...{ from: to, to: from },
      phase: "switching",
      copies: false,
      since: new Date().toISOString(),
    };
    writeUpgrade(way);
    await commit(way);
    await switchOver(way, found.engine, container.id, progress);
  } finally {
    progress.stop();
  }
  report(terminal, { stack, system, store, version: from.version, kept: to.volume }, [
    `${label}: PostgreSQL ${from.version} with its data from before the upgrade. ` +
      `What was written since is in volume ${to.volume}; delete it: bin/longshore upgrade ${label} --forget`,
  ]);
}

/** Runs `longshore upgrade --forget`: deletes the data that an upgrade, or its way back, has kept. */
export async function forget(name: string, options: UpgradeOptions): Promise<void> {
  const terminal = openTerminal(options);
  const { found, record } = await finished(name, options, terminal);
  const { stack, system, store, from } = record;
  if (options.yes !== true) {
    await confirm(
      terminal,
      `Delete volume ${from.volume} with the PostgreSQL ${from.version} data of ${system}/${store}?`,
    );
  }
  await removeVolume(found.engine, from.volume);
  removeUpgrade(record);
  report(terminal, { stack, system, store, deleted: from.volume }, [
    `${system}/${store}: deleted volume ${from.volume}`,
  ]);
}

/** Finds a finished upgrade. @throws Failure if there is none, or it is unfinished */
async function finished(
  name: string,
  { stack, system }: UpgradeOptions,
  terminal: Terminal,
): Promise<{ found: MachineSurvey; record: UpgradeRecord }> {
  const found = await survey(
    stack,
    system,
    () => "the way back of the cluster or of Cloud SQL: a backup",
    terminal,
  );
  requireNoDeployment(stack);
  const { system: of, service } = findService(found, name);
  const record = upgradeOf(stack, of, service);
  if (record === undefined) {
    throw usage(`${of}/${service}: expected an upgrade to roll back or forget, got none`);
  }
  if (record.phase !== "done") {
    throw new Failure(`${of}/${service}: an upgrade was interrupted; fix: bin/longshore recover`);
  }
  return { found, record };
}

function report(terminal: Terminal, document: object, lines: readonly string[]): void {
  if (terminal.isJson) {
    terminal.json(document);
  } else {
    lines.forEach(terminal.out);
  }
}
