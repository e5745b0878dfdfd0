import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
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
  hold: (stack: string) => Promise<void> = holdStack,
): ResourceHandler {
  return {
    ...handler,
    async create(inputs, call) {
      await hold(call.stack);
      return handler.create(inputs, call);
    },
    async update(id, old, news, call) {
      await hold(call.stack);
      return handler.update(id, old, news, call);
    },
    async delete(id, inputs, call) {
      await hold(call.stack);
      return handler.delete(id, inputs, call);
    },
  };
}

/** Time for the provider of a killed engine to notice its end and to exit: see `main.ts`. */
const PATIENCE_MS = 5_000;
const POLL_MS = 100;

/** Locks of this process, by file. The kernel releases them when it ends. */
const held = new Map<string, Promise<void>>();

/** Takes the lock once per process; concurrent changes of several systems wait for the same attempt. */
async function holdStack(stack: string): Promise<void> {
  const file = lockFile(stack);
  if (isHeldByEngine(stack, file)) {
    return;
  }
  const attempt = held.get(file) ?? take(stack, file);
  held.set(file, attempt);
  await attempt;
}

/** @throws UserError that names the command which holds the lock */
async function take(stack: string, file: string): Promise<void> {
  const started = Date.now();
  const descriptor = openLock(file);
  while (!tryFlock(descriptor)) {
    const holder = readHolder(file);
    if (Date.now() - started >= PATIENCE_MS) {
      closeSync(descriptor);
      throw new UserError(
        `stack ${stack}: expected no other command, got ${describeHolder(holder)}; ` +
          "fix: run the command again when that one has ended",
      );
    }
    await sleep(POLL_MS);
  }
  writeHolder(descriptor, COMMAND);
}

const COMMAND = "pulumi, run by hand";

/** Whether the engine runs under the lock. On a full disk, the command that holds the lock could not record itself. */
function isHeldByEngine(stack: string, file: string): boolean {
  const token = passedToken(stack);
  const holder = readHolder(file);
  return token !== undefined && (holder === undefined || holder.token === token);
}
