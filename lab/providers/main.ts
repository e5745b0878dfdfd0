import { startLabProviders } from ".";

/** Serves the stand-ins for a manual `longshore up`, until Ctrl-C. */
async function main(): Promise<void> {
  const providers = await startLabProviders();
  process.stdout.write(`export PULUMI_DEBUG_PROVIDERS=${providers.env.PULUMI_DEBUG_PROVIDERS}\n`);
  process.stderr.write("stand-ins for the plugins kubernetes, docker-build and random serve until Ctrl-C\n");
  process.once("SIGINT", () => {
    providers.close();
    process.exit(0);
  });
}

void main();
