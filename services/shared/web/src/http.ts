/** Where in what was sent something is wrong, and what. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** A request that did not succeed, in words for people. */
export class ApiError extends Error {
  /** Of HTTP; 0: there was no answer. */
  readonly status: number;
  readonly issues: readonly Issue[];

  constructor(status: number, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.status = status;
    this.issues = issues;
  }
}

export const UNREACHABLE = "The server cannot be reached. Is the network there?";

export interface HttpOptions {
  /** Sent with every request. @default - none */
  readonly token?: string;
  /** Called when the API no longer takes the token. */
  readonly onEnd?: () => void;
  readonly doFetch?: typeof fetch;
}

/** JSON over HTTP below /api of an origin ("" is the page's own). Every failure is an ApiError, but an abort. */
export class Http {
  readonly #origin: string;
  readonly #options: HttpOptions;

  constructor(origin: string, options: HttpOptions = {}) {
    this.#origin = origin;
    this.#options = options;
  }

  address(path: string): string {
    return `${this.#origin}/api/${path}`;
  }

  async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const answer = await this.send(method, path, body, signal);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  async send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const { token, onEnd, doFetch = (input, init) => fetch(input, init) } = this.#options;
    let answer: Response;
    try {
      answer = await doFetch(this.address(path), {
        method,
        cache: "no-store",
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new ApiError(0, UNREACHABLE);
    }
    if (answer.ok) {
      return answer;
    }
    if (answer.status === 401 && token !== undefined) {
      onEnd?.();
    }
    throw problem(answer.status, await answer.json().catch(() => undefined));
  }
}

/** The error that an answer tells of (RFC 9457), or that its status does. */
export function problem(status: number, document: unknown): ApiError {
  const known =
    typeof document === "object" && document !== null ? (document as Record<string, unknown>) : {};
  const detail =
    typeof known["detail"] === "string"
      ? known["detail"]
      : status >= 502 && status <= 504
        ? "The server does not answer at the moment."
        : `The server answered ${status}.`;
  const issues = Array.isArray(known["errors"]) ? (known["errors"] as Issue[]) : [];
  return new ApiError(status, detail, issues);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
