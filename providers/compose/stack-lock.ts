import { tryFlock } from "../../tools/flock";
import {
  describeHolder,
  lockFile,
  openLock,
  passedToken,
  readHolder,
  writeHolder,
} from "../../tools/stack-lock-file";
import { UserError } from "./errors";
import type { ResourceHandler } from "./server";

/**
 * Makes a handler hold the stack's lock from its first change until this process ends. The engine of a `longshore`
 * command runs under the lock of that command. An engine that was started by hand has only this lock, and is refused
 * while a `longshore` command holds it.
 */
export function holdingStack(
  handler: ResourceHandler,
  hold: (stack: string) => void = holdStack,
): ResourceHandler {
  return {
    ...handler,
    async create(inputs, call) {
      hold(call.stack);
      return handler.create(inputs, call);
    },
    async update(id, old, news, call) {
      hold(call.stack);
      return handler.update(id, old, news, call);
    },
    async delete(id, inputs, call) {
      hold(call.stack);
      return handler.delete(id, inputs, call);
    },
  };
}

const held = new Set<string>();

/** @throws UserError that names the command which holds the lock */
function holdStack(stack: string): void {
  const file = lockFile(stack);
  if (held.has(file) || isHeldByEngine(stack, file)) {
    return;
  }
  // Closed by the kernel when this process ends.
  const descriptor = openLock(file);
  if (!tryFlock(descriptor)) {
    throw new UserError(
      `stack ${stack}: expected no other command, got ${describeHolder(readHolder(file))}; ` +
        "fix: run the command again when that one has ended",
    );
  }
  writeHolder(descriptor, "pulumi, run by hand");
  held.add(file);
}

/** Whether the engine runs under the lock. On a full disk, the command that holds the lock could not record itself. */
function isHeldByEngine(stack: string, file: string): boolean {
  const token = passedToken(stack);
  const holder = readHolder(file);
  return token !== undefined && (holder === undefined || holder.token === token);
}
