import { problemResponse } from "../../../lib/problem.ts";
import { notReady } from "../../../lib/ready.ts";

export const dynamic = "force-dynamic";

/** Readiness: the backend that our pages call is ready too. */
export async function GET(): Promise<Response> {
  const reason = await notReady();
  if (reason) return problemResponse(503, "not-ready", reason);
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}
