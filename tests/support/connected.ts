/**
 * Runs the engine again if the SDK had no connection to it. Observed once on a busy machine. The likely cause: gRPC
 * caches connections per address for the whole process, and one of the dozens of engines of a test process got the
 * port of an earlier one. The program has registered nothing then. The CLI is not affected, because a command runs one
 * engine.
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
