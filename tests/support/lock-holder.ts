import { withStackLock } from "../../cli/support/stack-lock";

/**
 * A command for tests with the arguments `FOLDER STACK PURPOSE`. Prints `held` when it has the lock, and holds it
 * until standard input is closed.
 */
const [folder = "", stack = "", purpose = ""] = process.argv.slice(2);

withStackLock(
  stack,
  purpose,
  () =>
    new Promise<void>((resolve) => {
      process.stdout.write("held\n");
      process.stdin.resume().on("end", resolve);
    }),
  { folder, onWait: (text) => void process.stdout.write(`${text}\n`), remainsMs: 0 },
).catch((error: unknown) => {
  process.stdout.write(`${String(error)}\n`);
  process.exitCode = 3;
});
