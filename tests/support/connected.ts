/**
 * Runs the engine again when the SDK had no connection to it. gRPC keeps its connections per address for the whole
 * process; of the dozens of engines that one test process starts, one may get the port of an earlier one that is
 * gone. The program has registered nothing then. A command runs one engine and never meets this.
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
