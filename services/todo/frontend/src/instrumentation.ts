/** Called once by Next when the server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { startMetrics } = await import("./lib/metrics.ts");
    startMetrics();
  }
}
