import { readMetrics } from "../../lib/metrics.ts";

export const dynamic = "force-dynamic";

// The edge sets X-Real-IP, Google's load balancer Via. Next.js itself sets X-Forwarded-For on every request.
const PROXY_HEADERS = ["x-real-ip", "via"];

/** For the scraper inside the deployment. A request that came through a proxy came from outside. */
export async function GET(request: Request): Promise<Response> {
  if (PROXY_HEADERS.some((name) => request.headers.has(name))) {
    return new Response("not found\n", { status: 404 });
  }
  const { body, contentType } = await readMetrics();
  return new Response(body, { headers: { "Content-Type": contentType, "Cache-Control": "no-store" } });
}
