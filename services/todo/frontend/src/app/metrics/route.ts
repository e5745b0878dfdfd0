import { readMetrics } from "../../lib/metrics.ts";

export const dynamic = "force-dynamic";

/** For the scraper inside the deployment. A request that came through a proxy came from outside. */
export async function GET(request: Request): Promise<Response> {
  if (request.headers.has("x-forwarded-for")) {
    return new Response("not found\n", { status: 404 });
  }
  const { body, contentType } = await readMetrics();
  return new Response(body, { headers: { "Content-Type": contentType, "Cache-Control": "no-store" } });
}
