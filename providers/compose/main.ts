import { projectHandler } from "./project";
import { serve } from "./server";
import { holdingStack } from "./stack-lock";

/** Runs the Pulumi provider protocol: the first argument is the engine's address; prints the provider's port. */
export async function main(args: readonly string[]): Promise<void> {
  const engine = args.find((argument) => !argument.startsWith("-"));
  const { port, stop } = await serve(holdingStack(projectHandler), engine);
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  endWithParent();
  process.stdout.write(`${port}\n`);
}

/**
 * Exits as soon as the engine is killed. A second `up` may already be repairing the unfinished deployment, and two
 * providers must not work on one project.
 */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, 250).unref();
}
