/**
 * Runs the engine again when the SDK had no connection to it. Seen once, on a busy machine; the likely reason is that
 * gRPC keeps its connections per address for the whole process, and that of the dozens of engines that one test
 * process starts, one got the port of an earlier one that was gone. The program has registered nothing then. A
 * command runs one engine in its process.
 */
export async function connected<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (String(error).includes("UNAVAILABLE: No connection established")) {
      return run();
    }
    throw error;
  }
}
