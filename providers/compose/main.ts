import { projectHandler } from "./project";
import { serve } from "./server";

/** Speaks Pulumi's provider protocol: the first argument is the engine's address, the answer is our port. */
export async function main(args: readonly string[]): Promise<void> {
  const engine = args.find((argument) => !argument.startsWith("-"));
  const { port, stop } = await serve(projectHandler, engine);
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  endWithParent();
  process.stdout.write(`${port}\n`);
}

/**
 * When the engine was killed, stop at once: a second `up` may already be running, and it repairs what is half
 * done. Two providers at work on one project would not end well.
 */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, 250).unref();
}
