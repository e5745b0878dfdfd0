/** An RFC 9457 problem document, in the same form as the backend's. */
export function problemResponse(status: number, kind: string, detail: string): Response {
  const titles: Record<number, string> = { 404: "Not Found", 502: "Bad Gateway", 503: "Service Unavailable" };
  return Response.json(
    { type: `urn:todo:problem:${kind}`, title: titles[status] ?? "Error", status, detail },
    { status, headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" } },
  );
}
