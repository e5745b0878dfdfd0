import type { Session } from "./types.ts";

/** Survives a reload of the page and ends with its tab. */
const KEY = "neurascale.session";

/** The session that is kept, if it has not ended. */
export function storedSession(
  storage: Pick<Storage, "getItem">,
  now: number = Date.now(),
): Session | undefined {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (isSession(kept) && Date.parse(kept.expires_at) > now) {
      return kept;
    }
  } catch {
    // What cannot be read is no session.
  }
  return undefined;
}

export function keepSession(storage: Pick<Storage, "setItem">, session: Session): void {
  const { token, subject, expires_at } = session;
  storage.setItem(KEY, JSON.stringify({ token, subject, expires_at }));
}

export function forgetSession(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(KEY);
}

function isSession(value: unknown): value is Session {
  const { token, subject, expires_at } = (value ?? {}) as Partial<Record<keyof Session, unknown>>;
  return [token, subject, expires_at].every((part) => typeof part === "string" && part !== "");
}
