import type { Environment } from "../catalog/types";

/** What is particular to a stack of a person's own machine. */
export interface MachineStack {
  readonly environment: Environment;
  /** Port on 127.0.0.1 of the catalog's first system; the next one has the next port. */
  readonly firstPort: number;
}

/**
 * The stacks of a person's own machine: to use a system, to work on it, to test it. They run on Docker Compose side
 * by side, each with data and secrets of its own, and make their files by themselves, in the data folder.
 */
const MACHINE_STACKS: Readonly<Record<string, MachineStack>> = {
  local: { environment: "local", firstPort: 8080 },
  "local-dev": { environment: "dev", firstPort: 8180 },
  "local-test": { environment: "test", firstPort: 8280 },
};

export const MACHINE_STACK_NAMES: readonly string[] = Object.keys(MACHINE_STACKS);

/** @default - undefined: a stack that is described by a file in the checkout */
export function machineStack(stack: string): MachineStack | undefined {
  return Object.hasOwn(MACHINE_STACKS, stack) ? MACHINE_STACKS[stack] : undefined;
}
