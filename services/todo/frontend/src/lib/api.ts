import type { Change, ChatMessage, ChatReply, Draft, Status, Todo, TodoPage } from "./types.ts";

/** A request that failed, with words for the person in front of the screen. */
export class ApiError extends Error {
  override name = "ApiError";
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The problem's kind, such as "chat-not-configured". */
  readonly kind: string;
  /** What the assistant did before it failed. */
  readonly changes: Change[];

  constructor(message: string, status: number, kind: string, changes: Change[] = []) {
    super(message);
    this.status = status;
    this.kind = kind;
    this.changes = changes;
  }
}

/** Milliseconds that the list's requests may take. */
const TIMEOUT = 15_000;
/** The assistant thinks longer; the backend gives up first and says why. */
const CHAT_TIMEOUT = 90_000;

interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  timeout?: number;
}

async function call<T>(
  path: string,
  { method = "GET", body, signal, timeout = TIMEOUT }: Options = {},
): Promise<T> {
  const expired = AbortSignal.timeout(timeout);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      signal: signal ? AbortSignal.any([signal, expired]) : expired,
      cache: "no-store",
      headers: {
        Accept: "application/json",
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw expired.aborted
      ? new ApiError("The server takes too long to answer.", 0, "timeout")
      : new ApiError("The server cannot be reached. Are you offline?", 0, "unreachable");
  }
  throw await toError(answer);
}

interface ProblemDocument {
  type?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
  changes?: Change[];
}

/** The error that an answer stands for; an answer that is no problem document comes from a proxy in between. */
export async function toError(answer: Response): Promise<ApiError> {
  const problem = (await answer.json().catch(() => ({}))) as ProblemDocument;
  const kind = problem.type?.split(":").at(-1) ?? `http-${answer.status}`;
  const fields = problem.errors
    ?.map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .join("; ");
  const message =
    fields || problem.detail || `Something went wrong on the way to the server (status ${answer.status}).`;
  return new ApiError(message, answer.status, kind, problem.changes);
}

export interface Query {
  status: Status;
  search: string;
  cursor?: string | null;
}

export function listPath({ status, search, cursor }: Query): string {
  const parameters = new URLSearchParams();
  if (status !== "all") parameters.set("status", status);
  if (search.trim()) parameters.set("q", search.trim());
  if (cursor) parameters.set("cursor", cursor);
  const query = parameters.toString();
  return query ? `/api/todos?${query}` : "/api/todos";
}

export const api = {
  list: (query: Query, signal?: AbortSignal) =>
    call<TodoPage>(listPath(query), { ...(signal && { signal }) }),
  create: (draft: Draft) => call<Todo>("/api/todos", { method: "POST", body: draft }),
  update: (id: string, change: Partial<Draft> & { done?: boolean }) =>
    call<Todo>(`/api/todos/${id}`, { method: "PATCH", body: change }),
  remove: (id: string) => call<void>(`/api/todos/${id}`, { method: "DELETE" }),
  restore: (id: string) => call<Todo>(`/api/todos/${id}/restore`, { method: "POST" }),
  chatEnabled: async (signal: AbortSignal) =>
    (await call<{ enabled: boolean }>("/api/chat", { signal })).enabled,
  chat: (messages: ChatMessage[], today: string, signal: AbortSignal) =>
    call<ChatReply>("/api/chat", {
      method: "POST",
      body: { messages, today },
      signal,
      timeout: CHAT_TIMEOUT,
    }),
};
