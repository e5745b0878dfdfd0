import { main } from "./runner/main";

main(process.argv.slice(2))
  .catch((error: unknown) => {
    console.error(error);
    console.log("\n0 passed, 1 failed");
    process.exitCode = 1;
  })
  // A tool that no test waits for any more must not hold up the end.
  .finally(() => process.exit());
