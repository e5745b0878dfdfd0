import { readMetrics } from "../../lib/metrics.ts";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  const { body, contentType } = await readMetrics();
  return new Response(body, { headers: { "Content-Type": contentType, "Cache-Control": "no-store" } });
}
