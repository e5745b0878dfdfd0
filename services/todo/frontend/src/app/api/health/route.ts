export const dynamic = "force-dynamic";

/** Liveness: the server answers. What it depends on is the business of /api/ready. */
export function GET(): Response {
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}
