import { startProgress, type Progress } from "../support/progress";
import type { Terminal } from "../support/terminal";
import type * as Deploying from "./deploy";
import { openStack, recoverFromCrash, type OpenOptions, type OpenStack } from "./stack";

/** Opens the stack, recovers from a killed run and always removes the spinner. */
export async function withOpenStack(
  { stack, ...options }: OpenOptions & { stack: string },
  terminal: Terminal,
  work: (opened: OpenStack, progress: Progress, engine: typeof Deploying) => Promise<void>,
): Promise<void> {
  const progress = await startProgress(terminal);
  try {
    progress.now("looking at the stack");
    // The SDK takes a moment to load; the tools are examined in other processes meanwhile.
    const [opened, engine] = await Promise.all([openStack(stack, progress, options), loadEngine()]);
    await recoverFromCrash(opened, progress);
    await work(opened, progress, engine);
  } finally {
    progress.stop();
  }
}

async function loadEngine(): Promise<typeof Deploying> {
  const engine = await import("./deploy.js");
  await engine.loadProgram();
  return engine;
}
