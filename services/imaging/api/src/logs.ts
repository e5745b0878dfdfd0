import { AsyncLocalStorage } from "node:async_hooks";
import { pino, type Logger } from "pino";
import type { LogLevel } from "./settings.ts";

/** The id of the request that is being answered, for every line that is logged on the way. */
export const requestId = new AsyncLocalStorage<string>();

export type Log = Logger;

/** JSON, one object per line on standard output, in the words that the other services use. */
export function createLog(level: LogLevel): Log {
  return pino({
    level,
    base: null,
    messageKey: "message",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label === "warn" ? "warning" : label }) },
    mixin: () => {
      const id = requestId.getStore();
      return id === undefined ? {} : { request_id: id };
    },
  }).child({ logger: "imaging" });
}

/** An error's type and message. A failed statement's parameters are not in it: they are people's pictures. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  const inner = error.cause instanceof Error ? `: ${describe(error.cause)}` : "";
  return `${error.name}: ${error.message}${code}${inner}`;
}
