import type { Environment } from "../catalog/types";

/** Properties of a local stack. */
export interface MachineStack {
  readonly environment: Environment;
  /** Port on 127.0.0.1 of the catalog's first system. Each further system uses the next port. */
  readonly firstPort: number;
}

/**
 * The local stacks: for using a system, for developing it and for testing it. They run side by side on Docker Compose,
 * each with its own data and secrets. Their stack files are created automatically in the data folder.
 */
const MACHINE_STACKS: Readonly<Record<string, MachineStack>> = {
  local: { environment: "local", firstPort: 8080 },
  "local-dev": { environment: "dev", firstPort: 8180 },
  "local-test": { environment: "test", firstPort: 8280 },
};

export const MACHINE_STACK_NAMES: readonly string[] = Object.keys(MACHINE_STACKS);

/** Returns the properties of a local stack. @default - undefined for a stack with a file in the checkout */
export function machineStack(stack: string): MachineStack | undefined {
  return Object.hasOwn(MACHINE_STACKS, stack) ? MACHINE_STACKS[stack] : undefined;
}
