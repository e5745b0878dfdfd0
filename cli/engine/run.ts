import {
  LocalWorkspace,
  Stack,
  type EngineEvent,
  type OutputMap,
  type PulumiFn,
} from "@pulumi/pulumi/automation";
import { EXIT, Failure } from "../support/failure";
import { onEndSignals } from "../support/interrupts";
import { Deployment, type Change, type Diagnostic, type Violation } from "./changes";
import type { EngineCommand } from "./command";

export type Action = "up" | "preview" | "destroy";

export interface EngineOptions {
  readonly command: EngineCommand;
  /** Folder with Pulumi.yaml and the stack files. */
  readonly workDir: string;
  readonly stack: string;
  readonly env: Readonly<Record<string, string>>;
  readonly program: PulumiFn;
  /** Whether to refresh the state first. @default false */
  readonly refresh?: boolean;
  /** URNs, with wildcards, to limit the run to. @default - everything */
  readonly targets?: readonly string[];
  /** URNs, with wildcards, of resources to replace even if unchanged. @default - nothing */
  readonly replaces?: readonly string[];
  /** Folders of policy packs that check every resource. @default - none */
  readonly policyPacks?: readonly string[];
}

export interface RunEvents {
  /** Called after every event of the engine. */
  onProgress?(item: Change | Diagnostic | Violation | undefined, deployment: Deployment): void;
  /** Called at the first Ctrl-C. */
  onInterrupt?(): void;
  /** Called at the second Ctrl-C. */
  onAbandon?(): void;
}

export interface RunResult {
  readonly deployment: Deployment;
  readonly status: "ok" | "failed" | "interrupted";
  /** Error of the program or the engine. */
  readonly error?: unknown;
  /** Duration of the whole run in seconds. */
  readonly seconds: number;
}

/** Milliseconds from telling the engine to abandon its operations until it is killed. */
const LAST_WAIT_MS = 5_000;

/**
 * Runs one action of the real engine over this project's program and collects the events. Never throws for a failed
 * deployment.
 */
export async function runEngine(
  action: Action,
  options: EngineOptions,
  events: RunEvents = {},
): Promise<RunResult> {
  const started = Date.now();
  const deployment = new Deployment();
  let programError: unknown;
  const program: PulumiFn = async () => {
    try {
      return await options.program();
    } catch (error) {
      programError = error;
      throw error;
    }
  };
  const stack = await openStack({ ...options, program });
  const onEvent = (event: EngineEvent) => {
    const item = deployment.take(event);
    events.onProgress?.(item, deployment);
  };
  const interrupted = catchInterrupts(options.command, events);
  const finish = (status: RunResult["status"], error?: unknown): RunResult => ({
    deployment,
    status: status === "failed" && interrupted.count() > 0 ? "interrupted" : status,
    seconds: (Date.now() - started) / 1000,
    ...(error !== undefined && { error }),
  });
  try {
    await act(stack, action, options, onEvent);
    return finish("ok");
  } catch (error) {
    return finish("failed", programError ?? error);
  } finally {
    interrupted.release();
  }
}

async function act(
  stack: Stack,
  action: Action,
  { refresh = false, targets = [], replaces = [], policyPacks = [] }: EngineOptions,
  onEvent: (event: EngineEvent) => void,
): Promise<void> {
  const common = {
    color: "never",
    suppressProgress: true,
    onEvent,
    refresh,
    // Dependents of shared resources (on a cluster) are not targeted. Dependents of deleted resources are.
    ...(targets.length > 0 && { target: [...targets], targetDependents: action === "destroy" }),
  } as const;
  const held = {
    ...common,
    ...(replaces.length > 0 && { replace: [...replaces] }),
    ...(policyPacks.length > 0 && { policyPacks: [...policyPacks] }),
  };
  switch (action) {
    case "up":
      await stack.up(held);
      return;
    case "preview":
      await stack.preview(held);
      return;
    case "destroy":
      await stack.destroy(common);
      return;
  }
}

/** Opens the stack through the Automation API, without CLI runs whose results are already known. */
async function openStack({ command, workDir, stack: name, env, program }: EngineOptions): Promise<Stack> {
  const workspace = await LocalWorkspace.create({
    workDir,
    program,
    envVars: { ...env },
    pulumiCommand: command.forAutomation(),
  });
  // Every command names its stack, and the outputs arrive with the events, masked.
  workspace.selectStack = () => Promise.resolve();
  workspace.stackOutputs = (): Promise<OutputMap> => Promise.resolve({});
  const stack = await Stack.select(name, workspace);
  stack.history = () => Promise.resolve([]);
  return stack;
}

/**
 * The first Ctrl-C asks the engine to stop after the running operations. The second makes it abandon them; it is
 * killed shortly after. SIGTERM and SIGHUP count like Ctrl-C.
 */
function catchInterrupts(command: EngineCommand, events: RunEvents) {
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count === 1) {
      events.onInterrupt?.();
    } else if (count === 2) {
      events.onAbandon?.();
      setTimeout(() => {
        command.interrupt("SIGKILL");
      }, LAST_WAIT_MS).unref();
    }
    if (count <= 2) {
      command.interrupt();
    }
  };
  return { count: () => count, release: onEndSignals(onSignal) };
}

const WORDS: Record<Action, string> = { up: "up", preview: "preview", destroy: "down" };

/** Error of an unsuccessful run. Does not repeat errors that were already printed. */
export function errorOf({ status, error, deployment }: RunResult, action: Action): unknown {
  if (status === "interrupted") {
    return new Failure(`${WORDS[action]} was interrupted; run it again to continue`, EXIT.interrupted, {
      cause: error,
    });
  }
  const refused = deployment.violations.filter(({ level }) => level === "mandatory").length;
  if (refused > 0) {
    const what = refused === 1 ? "a policy does not allow it" : `${refused} policies do not allow it`;
    return new Failure(`${WORDS[action]} failed: ${what}`, EXIT.failed, { cause: error });
  }
  const wasSaid = deployment.diagnostics.some(({ severity }) => severity === "error");
  return wasSaid ? new Failure(`${WORDS[action]} failed`, EXIT.failed, { cause: error }) : error;
}
