import type { Device, DeviceList, Latest, Session, SimulatedSignal } from "./types.ts";

/** A request that did not succeed, in words for people. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The API, at an origin ("" is the page's own), with the token of a session once there is one. */
export class Api {
  readonly #origin: string;
  readonly #token: string | undefined;
  readonly #onEnd: () => void;
  readonly #fetch: typeof fetch;

  /** @param onEnd called when the API no longer takes the token */
  constructor(
    origin: string,
    {
      token,
      onEnd = () => undefined,
      doFetch = (input, init) => fetch(input, init),
    }: { token?: string; onEnd?: () => void; doFetch?: typeof fetch } = {},
  ) {
    this.#origin = origin;
    this.#token = token;
    this.#onEnd = onEnd;
    this.#fetch = doFetch;
  }

  login(username: string, password: string): Promise<Session> {
    return this.#ask("POST", "login", { username, password });
  }
  devices(signal?: AbortSignal): Promise<DeviceList> {
    return this.#ask("GET", "devices", undefined, signal);
  }
  start(id: string, signal?: SimulatedSignal): Promise<Device> {
    return this.#ask("POST", `devices/${encodeURIComponent(id)}/start`, signal ? { signal } : {});
  }
  stop(id: string): Promise<Device> {
    return this.#ask("POST", `devices/${encodeURIComponent(id)}/stop`);
  }
  latest(device: string, signal?: AbortSignal): Promise<Latest> {
    return this.#ask("GET", `latest/${encodeURIComponent(device)}`, undefined, signal);
  }

  /**
   * The device's events as they come. EventSource cannot send the token, and a token has no place in an address,
   * so this reads the answer of an ordinary request.
   */
  async stream(device: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#send("GET", `stream/${encodeURIComponent(device)}`, undefined, signal);
    if (!answer.body) {
      throw new ApiError(answer.status, "The server sent no events.");
    }
    return answer.body;
  }

  async #ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return (await (await this.#send(method, path, body, signal)).json()) as T;
  }

  async #send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.#fetch(`${this.#origin}/api/${path}`, {
        method,
        cache: "no-store",
        headers: {
          ...(this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new ApiError(0, "The server cannot be reached. Is the network there?");
    }
    if (answer.ok) {
      return answer;
    }
    if (answer.status === 401 && this.#token !== undefined) {
      this.#onEnd();
    }
    throw new ApiError(answer.status, detailOf(answer.status, await answer.json().catch(() => undefined)));
  }
}

function detailOf(status: number, document: unknown): string {
  const detail = typeof document === "object" && document !== null && "detail" in document && document.detail;
  if (typeof detail === "string") {
    return detail;
  }
  return status >= 502 && status <= 504
    ? "The server does not answer at the moment."
    : `The server answered ${status}.`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
