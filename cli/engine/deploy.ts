import "./sdk";
import type * as Program from "../../index";
import type { ServiceImages } from "../../targets/compose";
import { PROJECT } from "../support/project";
import type { Progress } from "../support/progress";
import type { Terminal } from "../support/terminal";
import type { Change, Deployment, Diagnostic, Violation } from "./changes";
import {
  describeChange,
  isWorthALine,
  describeDiagnostic,
  describeRunning,
  describeSummary,
  describeViolation,
  urlsIn,
} from "./describe";
import { policies } from "./policies";
import { errorOf, runEngine, type Action, type RunResult } from "./run";
import { explain, type OpenStack } from "./stack";

export interface DeployOptions {
  /** Only these systems; the others stay as they are. @default - all */
  readonly system?: readonly string[];
  /** Looks at what really runs first. @default false */
  readonly refresh?: boolean;
  /** Jobs of a cluster that run once more though nothing of them has changed. @default [] */
  readonly rerun?: readonly string[];
  /** Images that services run instead of the checkout's, by system and service. @default {} */
  readonly images?: ServiceImages;
  /** Deletes the data as well. @default false */
  readonly volumes?: boolean;
}

/** The program that `pulumi up` runs as well. */
export function loadProgram(): Promise<typeof Program> {
  return import("../../index.js");
}

/** Runs the engine and tells what happens while it does. @throws Failure, or what the program threw */
export async function deploy(
  action: Action,
  opened: OpenStack,
  terminal: Terminal,
  progress: Progress,
  options: DeployOptions = {},
): Promise<RunResult> {
  const { program } = await loadProgram();
  // Every promise of the SDK records a stack trace otherwise: a quarter of the time of a large program.
  if (!isDebug()) {
    Error.stackTraceLimit = 0;
  }
  progress.now(describeRunning([]));
  const result = await runEngine(
    action,
    {
      ...opened,
      ...policies(opened),
      program: () => program({ only: options.system ?? [], images: options.images ?? {}, ...opened.asked }),
      refresh: options.refresh ?? false,
      targets: targetsOf(action, opened, options.system ?? []),
      replaces: rerunTargets(opened, options.rerun ?? []),
    },
    {
      onProgress: (item, deployment) => {
        report(item, deployment, action, terminal, progress);
      },
      onInterrupt: () => {
        progress.line("stopping after what is under way; press Ctrl-C again to drop it");
      },
      onAbandon: () => {
        progress.line("dropping what is under way; the next run repairs it");
      },
    },
  );
  progress.stop();
  return result;
}

/**
 * Patterns of the resources that some systems consist of, with what they share on a cluster. The names are a
 * contract of targets/: a system's resources are called like it, or begin with its name and a dash.
 */
export function targetsOf(
  action: Action,
  { stack }: Pick<OpenStack, "stack">,
  systems: readonly string[],
): string[] {
  const prefix = `urn:pulumi:${stack}::${PROJECT}`;
  const shared = action === "destroy" ? [] : [`${prefix}::longshore:platform:Platform**::**`];
  const own = systems.flatMap((system) => [`${prefix}::**::${system}`, `${prefix}::**::${system}-*`]);
  return systems.length > 0 ? [...shared, ...own] : [];
}

/** URNs of Jobs on a cluster that run once more. The Compose provider learns of reruns in another way. */
export function rerunTargets(
  {
    stack,
    plans,
    settings,
  }: Pick<OpenStack, "stack" | "plans"> & { settings: Pick<OpenStack["settings"], "target"> },
  rerun: readonly string[],
): string[] {
  return settings.target === "compose"
    ? []
    : plans.flatMap(({ system, workloads }) =>
        workloads
          .filter(({ kind, name }) => kind === "job" && rerun.includes(name))
          .map(({ name }) => `urn:pulumi:${stack}::${PROJECT}::**::${system}-${name}-job`),
      );
}

/** The end of a run: the summary, or the JSON document, or the failure. */
export function conclude(
  action: Action,
  opened: OpenStack,
  result: RunResult,
  terminal: Terminal,
  extra: Readonly<Record<string, unknown>> = {},
): void {
  const { deployment, seconds, status } = result;
  const tense = action === "preview" ? "planned" : "done";
  if (terminal.isJson) {
    terminal.json({ ...documentOf(action, opened.stack, result), ...extra });
  } else if (status !== "failed" || deployment.changed().length > 0) {
    if (action === "preview") {
      deployment
        .changed()
        .filter(isWorthALine)
        .forEach((change) => {
          describeChange(change, terminal.colors).forEach(terminal.out);
        });
    }
    terminal.out(`${opened.stack}: ${describeSummary(deployment, tense, seconds)}`);
  }
  if (status === "ok" && action === "up" && !terminal.isJson) {
    urlsIn(deployment.outputs).forEach((url) => {
      terminal.out(`open ${terminal.colors.underline(url)}`);
    });
  }
  throwIfFailed(action, opened, result);
}

/** A failed run as an error in a person's words. What the program threw comes first: it is the cause. */
export function throwIfFailed(action: Action, { stack }: Pick<OpenStack, "stack">, result: RunResult): void {
  if (result.status === "ok") {
    return;
  }
  const { error } = result;
  const explained = explain(error, stack);
  throw explained !== error ? explained : errorOf(result, action);
}

/** The machine's form of a run. Secrets are masked in all of it. */
export function documentOf(action: Action, stack: string, { deployment, status, seconds }: RunResult) {
  return {
    stack,
    action,
    status,
    changes: deployment.changed(),
    summary: deployment.count(),
    outputs: deployment.outputs,
    diagnostics: deployment.diagnostics,
    policyViolations: deployment.violations,
    seconds: Math.round(seconds * 10) / 10,
  };
}

function report(
  item: Change | Diagnostic | Violation | undefined,
  deployment: Deployment,
  action: Action,
  terminal: Terminal,
  progress: Progress,
): void {
  const { colors } = terminal;
  if (item && "severity" in item) {
    if (item.isEphemeral) {
      progress.now(firstLine(item.message));
    } else {
      describeDiagnostic(item, colors).forEach(progress.line);
    }
    return;
  }
  if (item && "policy" in item) {
    describeViolation(item, colors).forEach(progress.line);
    return;
  }
  const isOver = item?.state === "failed" || (action !== "preview" && item?.state === "done");
  if (item && isOver && isWorthALine(item)) {
    describeChange(item, colors).forEach(progress.line);
  }
  progress.now(describeRunning(deployment.running()));
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

export function isDebug(): boolean {
  return process.argv.includes("--debug");
}
