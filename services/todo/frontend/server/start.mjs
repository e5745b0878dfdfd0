// Starts the standalone server of Next the way a container needs it: logs as JSON lines, listening on every
// interface whatever the container is called, and gone in time after SIGTERM.
import { format, inspect, stripVTControlCharacters } from "node:util";
import { makeKeys } from "./keys.mjs";

const LEVELS = /** @type {const} */ ({ debug: 10, info: 20, warning: 30, error: 40 });
const wanted = (process.env.LOG_LEVEL ?? "info").toLowerCase().replace(/^warn$/, "warning");
const threshold = LEVELS[/** @type {keyof typeof LEVELS} */ (wanted)] ?? LEVELS.info;

/** @type {(level: keyof typeof LEVELS) => (...parts: unknown[]) => void} */
const writer = (level) => {
  return (...parts) => {
    if (LEVELS[level] < threshold) return;
    const errors = parts.filter((part) => part instanceof Error);
    const text = format(
      ...parts.map((part) => (part instanceof Error ? `${part.name}: ${part.message}` : part)),
    );
    const message = stripVTControlCharacters(text).replace(/\s+/g, " ").trim();
    if (!message) return;
    const cause = errors[0]?.cause;
    const line = {
      time: new Date().toISOString(),
      level,
      logger: "todo.frontend",
      message,
      ...(errors[0]?.stack && { stack: errors[0].stack }),
      ...(cause !== undefined && {
        cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause),
      }),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
};

Object.assign(console, {
  debug: writer("debug"),
  log: writer("info"),
  info: writer("info"),
  warn: writer("warning"),
  error: writer("error"),
});

const seconds = Number(process.env.SHUTDOWN_TIMEOUT || 20);
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  // Next stops accepting and waits for what is in flight; this only keeps the waiting within the grace period.
  process.once(signal, () => {
    console.info(`stopping on ${signal}`);
    setTimeout(() => {
      console.warn(`still busy after ${seconds} s, leaving`);
      process.exit(0);
    }, seconds * 1000).unref();
  });
}
process.on("exit", (code) => {
  // Next leaves with 128 + the signal's number; a stop that was asked for and went well is no failure.
  if (code === 143 || code === 130) process.exitCode = 0;
  console.info(`stopped with code ${process.exitCode ?? code}`);
});

// A container's runtime sets HOSTNAME to the container's name, which Next would take as the address to listen on.
process.env.HOSTNAME = process.env.BIND_ADDRESS || "0.0.0.0";
// Longer than a proxy keeps its idle connections, so that we are never the one who closes under a request.
process.env.KEEP_ALIVE_TIMEOUT ||= "75000";

makeKeys();
await import(new URL("./server.js", import.meta.url).href);
