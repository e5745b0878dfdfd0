import { problemResponse } from "./problem.ts";

/**
 * For a bare run without an edge proxy: passes a request on to the backend at API_URL, streaming both bodies.
 * API_URL is read for every request, so that the same image serves every environment.
 */
export async function forward(
  request: Request,
  environment: Record<string, string | undefined> = process.env,
) {
  const target = backendUrl(request.url, environment.API_URL);
  if (!target)
    return problemResponse(503, "api-not-configured", "API_URL is not set to an http:// or https:// URL.");
  if (!isForwarded(target.pathname)) return problemResponse(404, "not-found", "There is nothing here.");

  const hasBody = request.body !== null && request.method !== "GET" && request.method !== "HEAD";
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers: only(request.headers, REQUEST_HEADERS),
      redirect: "manual",
      cache: "no-store",
      signal: request.signal,
      ...(hasBody && { body: request.body, duplex: "half" }),
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: only(answer.headers, RESPONSE_HEADERS),
    });
  } catch (error) {
    if (!request.signal.aborted) console.error("the backend cannot be reached", error);
    return problemResponse(502, "api-unreachable", "The backend cannot be reached at the moment.");
  }
}

/** The backend's address of a path and query of ours; undefined when API_URL is missing or no URL. */
export function backendUrl(ours: string, apiUrl: string | undefined): URL | undefined {
  if (!apiUrl || !URL.canParse(apiUrl)) return undefined;
  const target = new URL(apiUrl);
  if (target.protocol !== "http:" && target.protocol !== "https:") return undefined;
  const { pathname, search } = new URL(ours);
  target.pathname = target.pathname.replace(/\/+$/, "") + pathname;
  target.search = search;
  return target;
}

/** The backend has more paths than the browser needs; dots in a path must not lead to them. */
function isForwarded(pathname: string): boolean {
  return /\/api\/(todos(\/[^/]+)*|chat)$/.test(pathname) && !/%2f|%5c|\\/i.test(pathname);
}

const REQUEST_HEADERS = ["accept", "accept-language", "content-type", "x-request-id"];
const RESPONSE_HEADERS = ["cache-control", "content-type", "location", "retry-after", "x-request-id"];

function only(headers: Headers, names: string[]): Headers {
  const kept = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}
