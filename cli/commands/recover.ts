import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../support/options";
import type { OpenConfig } from "../engine/open-config";
import { EXIT, Failure, usage } from "../support/failure";
import { startProgress } from "../support/progress";
import { confirm, openTerminal, plural, type Terminal } from "../support/terminal";
import { RECOVERERS } from "../recovery/recoverers";
import type { CreateRecoverer, Finding, RecoveryContext } from "../recovery/types";

export interface RecoverOptions extends StackOption, JsonOption {
  readonly yes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("recover")
    .description(
      "find what interrupted commands left behind, say what ends it, and do that after a confirmation",
    )
    .argument("[findings...]", "only these findings, by id or kind, such as pending-operations")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withStack(command)), [
    ["longshore recover", "list the findings, ask, apply"],
    ["longshore recover --json", "list the findings only; exit code 1 when there are any"],
    ["longshore recover --yes --json", "in a pipeline: apply, then report"],
  ]);
  return command.action((ids: string[], options: RecoverOptions) =>
    locked(options.stack, "recover", () => recover(ids, options)),
  );
}

/** Result of a finding. */
export interface Recovered {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly action: string;
  /** Whether the action is applied only if its id is an argument. @default false */
  readonly onlyByName?: boolean;
  /** `found`: the action was not applied. `remains`: it was applied, and the finding still exists. */
  readonly status: "found" | "applied" | "failed" | "remains";
  readonly error?: string;
}

/** Runs `longshore recover`. */
export async function recover(
  ids: readonly string[],
  { stack, yes = false, json = false }: RecoverOptions,
  recoverers: readonly CreateRecoverer[] = RECOVERERS,
): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal);
  let opened: Promise<OpenConfig> | undefined;
  const context: RecoveryContext = {
    stack,
    progress,
    open: () =>
      (opened ??= import("../engine/open-config.js").then(({ openConfig }) =>
        openConfig(stack, progress, {}, { isRecovery: true }),
      )),
  };
  const find = () => findAll(recoverers.map((create) => create(context)));
  try {
    progress.now(`looking for unfinished work of stack ${stack}`);
    const all = chosen(await find(), ids);
    // An action that affects another installation or discards data requires its id as an argument.
    const findings = all.filter(({ id, onlyByName = false }) => !onlyByName || ids.includes(id));
    const shown = all.filter((finding) => !findings.includes(finding)).map(asFound);
    progress.stop();
    let results: Recovered[] = findings.map(asFound);
    if (!json) {
      all.forEach((finding) => {
        describe(finding, terminal);
      });
    }
    const applies = findings.length > 0 && (yes || !json);
    if (applies) {
      if (!yes) {
        await confirm(terminal, `Do ${findings.length === 1 ? "this" : `these ${findings.length} things`}?`);
      }
      results = await apply(findings, find, (text) => {
        progress.now(text);
      });
      progress.stop();
    }
    conclude(stack, [...results, ...shown], applies, terminal);
  } finally {
    progress.stop();
  }
}

async function findAll(recoverers: readonly ReturnType<CreateRecoverer>[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const recoverer of recoverers) {
    found.push(...(await recoverer.find()));
  }
  return found;
}

/** Selects findings by id. @throws Failure if an id matches no finding */
function chosen(findings: readonly Finding[], ids: readonly string[]): Finding[] {
  const matches = (id: string, wanted: string) => id === wanted || id.startsWith(`${wanted}:`);
  const unknown = ids.filter((wanted) => !findings.some(({ id }) => matches(id, wanted)));
  if (unknown.length > 0) {
    const known = findings.map(({ id }) => id).join(", ");
    throw usage(
      `findings: expected ${known === "" ? "none: nothing was found" : `one of ${known}`}, got ${unknown.join(", ")}`,
    );
  }
  return findings.filter(({ id }) => ids.length === 0 || ids.some((wanted) => matches(id, wanted)));
}

/** Applies findings in order, then searches again. A failed action does not prevent the others. */
async function apply(
  findings: readonly Finding[],
  find: () => Promise<Finding[]>,
  say: (text: string) => void,
): Promise<Recovered[]> {
  const failed = new Map<string, string>();
  for (const finding of findings) {
    say(finding.action);
    try {
      await finding.apply();
    } catch (error) {
      failed.set(finding.id, error instanceof Error ? error.message : String(error));
    }
  }
  const remaining = new Set((await find()).map(({ id }) => id));
  return findings.map((finding) => {
    const error = failed.get(finding.id);
    const status = error !== undefined ? "failed" : remaining.has(finding.id) ? "remains" : "applied";
    return { ...plain(finding), status, ...(error !== undefined && { error }) };
  });
}

function plain({ id, title, detail, action, onlyByName = false }: Finding): Omit<Recovered, "status"> {
  return { id, title, detail, action, ...(onlyByName && { onlyByName }) };
}

const asFound = (finding: Finding): Recovered => ({ ...plain(finding), status: "found" });

function describe(
  { id, title, detail, action, onlyByName = false }: Finding,
  { out, colors }: Terminal,
): void {
  out(`${colors.bold(title)} ${colors.dim(`(${id})`)}`);
  out(`  ${detail}`);
  out(`  ${colors.green("→")} ${action}`);
  if (onlyByName) {
    out(`  only when named: bin/longshore recover ${id}`);
  }
}

/** Reports the results. @throws Failure if findings remain */
function conclude(stack: string, results: readonly Recovered[], applied: boolean, terminal: Terminal): void {
  if (terminal.isJson) {
    terminal.json({ stack, findings: results });
  }
  if (results.length === 0) {
    terminal.note(`stack ${stack}: nothing to recover`);
    return;
  }
  if (!applied) {
    const named = results.filter(({ onlyByName }) => onlyByName).map(({ id }) => id);
    const how =
      named.length === results.length ? `apply with: recover ${named.join(" ")}` : "apply with --yes";
    throw new Failure(`stack ${stack}: ${plural(results.length, "finding")}; ${how}`, EXIT.failed);
  }
  const open = results.filter(({ status }) => status !== "applied");
  if (open.length > 0) {
    const lines = open.map(({ id, error, status }) =>
      status === "found"
        ? `  ${id}: applied only when named: bin/longshore recover ${id}`
        : `  ${id}: ${error ?? "applied, and still found"}`,
    );
    throw new Failure(`stack ${stack}: not recovered:\n${lines.join("\n")}`, EXIT.failed);
  }
  terminal.note(`stack ${stack}: recovered ${results.map(({ id }) => id).join(", ")}`);
}
