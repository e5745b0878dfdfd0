/**
 * Keeps a command running when its output can no longer be written: the reader has exited (`longshore up | head`), the
 * terminal is closed, or a redirection's disk is full. Discards later output. The exit code remains that of the work.
 *
 * @returns the first error other than a closed reader
 */
export function surviveLostOutput(
  streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr],
): () => Error | undefined {
  let problem: Error | undefined;
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EIO: the terminal is closed.
      if (error.code !== "EPIPE" && error.code !== "EIO") {
        problem ??= error;
      }
      stream.write = dropped;
    });
  }
  return () => problem;
}

/** Replaces `write` of a stream without a reader. */
function dropped(_text: unknown, ...rest: readonly unknown[]): boolean {
  const done = rest.find((one) => typeof one === "function");
  if (done !== undefined) {
    process.nextTick(done);
  }
  return true;
}
