import { spawnSync } from "node:child_process";

/**
 * Programs that lock the open file description of descriptor 3. Linux has flock(1) from util-linux or BusyBox; macOS
 * has Perl. 6 is LOCK_EX | LOCK_NB on both; EWOULDBLOCK is 11 on Linux and 35 on macOS.
 */
const PROGRAMS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["flock", "-x", "-n", "3"],
  [
    "perl",
    "-e",
    'open(my $f, "+<&=", 3) or die "$!\\n"; exit 0 if flock($f, 6); exit 1 if $! == 11 || $! == 35; die "$!\\n"',
  ],
];

/**
 * Takes an exclusive flock(2) lock on an open file without waiting. The lock belongs to the open file description: it
 * outlives the helper program, and child processes that inherit the descriptor share it. The kernel releases it after
 * the last of them has closed the descriptor or exited.
 *
 * @returns false if another open file description holds the lock
 * @throws Error if the file system has no locks, or neither flock nor perl is installed
 */
export function tryFlock(descriptor: number, env: NodeJS.ProcessEnv = process.env): boolean {
  for (const [command, ...args] of PROGRAMS) {
    const { status, error, stderr } = spawnSync(command, args, {
      env,
      stdio: ["ignore", "ignore", "pipe", descriptor],
      encoding: "utf8",
    });
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
      continue;
    }
    if (status === 0) {
      return true;
    }
    if (status === 1 && stderr.trim() === "") {
      return false;
    }
    throw new Error(`${command}: ${error?.message ?? (stderr.trim() || `ended with ${status}`)}`);
  }
  throw new Error("neither flock nor perl is on the PATH; install util-linux or Perl");
}
