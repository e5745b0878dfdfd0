/**
 * Keeps a command at work when its output can no longer be written: the reader has gone (`longshore up | head`), the
 * terminal has hung up, or the disk behind a redirection is full. Later output is dropped; the exit code stays that of
 * the work.
 *
 * @returns what went wrong, other than a reader that has gone
 */
export function surviveLostOutput(
  streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr],
): () => Error | undefined {
  let problem: Error | undefined;
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EIO: the terminal is gone.
      if (error.code !== "EPIPE" && error.code !== "EIO") {
        problem ??= error;
      }
      stream.write = dropped;
    });
  }
  return () => problem;
}

/** Stands in for `write` of a stream that nothing reads any more. */
function dropped(_text: unknown, ...rest: readonly unknown[]): boolean {
  const done = rest.find((one) => typeof one === "function");
  if (done !== undefined) {
    process.nextTick(done);
  }
  return true;
}
