import { startLabProviders } from ".";

/** Serves the stand-ins for a `longshore up` by hand, until Ctrl-C. */
async function main(): Promise<void> {
  const { env, close } = await startLabProviders();
  console.log(`export PULUMI_DEBUG_PROVIDERS=${env.PULUMI_DEBUG_PROVIDERS}`);
  console.error("stand-ins for the plugins kubernetes, docker-build and random serve until Ctrl-C");
  process.once("SIGINT", () => {
    void close().then(() => process.exit(0));
  });
}

void main();
