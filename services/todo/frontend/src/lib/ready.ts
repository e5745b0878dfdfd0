import { backendUrl } from "./forward.ts";

/** How long the backend may take to say that it is ready, in milliseconds. */
const TIMEOUT = 2_000;

/** Why this frontend is not ready; undefined when it is. */
export async function notReady(environment: Record<string, string | undefined> = process.env) {
  const target = backendUrl("http://localhost/readyz", environment.API_URL);
  if (!target) return "API_URL is not set to an http:// or https:// URL";
  try {
    const answer = await fetch(target, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    await answer.body?.cancel();
    return answer.ok ? undefined : `the backend answers ${answer.status}`;
  } catch {
    return `the backend did not answer within ${TIMEOUT / 1000} s`;
  }
}
