import { main } from "./runner/main";

void main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
});
