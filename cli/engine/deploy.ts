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
import { type OpenStack } from "./stack";
import { explain } from "./open-config";

export interface DeployOptions {
  /** Systems to deploy; the others are unchanged. @default - all */
  readonly system?: readonly string[];
  /** Whether to refresh the state first. @default false */
  readonly refresh?: boolean;
  /** Cluster jobs to rerun without changes. @default [] */
  readonly rerun?: readonly string[];
  /** Images that replace those of the checkout, by system and service. @default {} */
  readonly images?: ServiceImages;
  /** Whether to delete the data as well. @default false */
  readonly volumes?: boolean;
}

/** Loads the program that `pulumi up` also runs. */
export function loadProgram(): Promise<typeof Program> {
  return import("../../index.js");
}

/** Runs the engine and reports its progress. @throws Failure, or the program's error */
export async function deploy(
  action: Action,
  opened: OpenStack,
  terminal: Terminal,
  progress: Progress,
  options: DeployOptions = {},
): Promise<RunResult> {
  const [{ program }] = await Promise.all([
    loadProgram(),
    action === "up" ? requireSpace(opened, progress, options.system ?? []) : undefined,
  ]);
  // Disables stack traces of the SDK's promises, which take a quarter of the run time of a large program.
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

/** Requires free disk space on this machine, before anything is changed. @throws Failure */
async function requireSpace(
  { stack, settings, docker }: OpenStack,
  progress: Progress,
  only: readonly string[],
): Promise<void> {
  if (docker !== undefined && settings.target === "compose") {
    const systems = settings.systems.filter((system) => only.length === 0 || only.includes(system));
    const { requireDeploySpace } = await import("../compose/disk-space.js");
    await requireDeploySpace({ stack, systems, docker }, (line) => {
      progress.line(`disk space is low: ${line}`);
    });
  }
}

/**
 * Target patterns for the resources of some systems, including shared resources on a cluster. Relies on a naming
 * contract of targets/: a resource's name is its system's name, or starts with it and a dash.
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

/** URNs of cluster Jobs to rerun. The Compose provider receives reruns through an environment variable. */
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

/** Reports the result of a run: the summary, the JSON document, or the failure. */
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

/** Throws the error of a failed run with a readable message. Prefers the program's error, which is the cause. */
export function throwIfFailed(action: Action, { stack }: Pick<OpenStack, "stack">, result: RunResult): void {
  if (result.status === "ok") {
    return;
  }
  const { error } = result;
  const explained = explain(error, stack);
  throw explained !== error ? explained : errorOf(result, action);
}

/** JSON document of a run. Secrets are masked. */
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
