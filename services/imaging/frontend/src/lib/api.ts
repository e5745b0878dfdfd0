import type { Page, Picture } from "./types.ts";

/** A request that did not succeed, in words for people. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Artefact = "original" | "overlay" | "thumbnail";

const UNREACHABLE = "The server cannot be reached. Is the network there?";

/** The API, at an origin ("" is the page's own). */
export class Api {
  readonly #origin: string;
  readonly #fetch: typeof fetch;

  constructor(origin: string, doFetch: typeof fetch = (input, init) => fetch(input, init)) {
    this.#origin = origin;
    this.#fetch = doFetch;
  }

  pictures(before: string | null, signal?: AbortSignal): Promise<Page> {
    const after = before === null ? "" : `&before=${encodeURIComponent(before)}`;
    return this.#ask("GET", `pictures?limit=12${after}`, signal);
  }
  picture(id: string, signal?: AbortSignal): Promise<Picture> {
    return this.#ask("GET", `pictures/${encodeURIComponent(id)}`, signal);
  }
  async remove(id: string): Promise<void> {
    await this.#ask("DELETE", `pictures/${encodeURIComponent(id)}`);
  }
  address(id: string, artefact: Artefact): string {
    return `${this.#origin}/api/pictures/${encodeURIComponent(id)}/${artefact}`;
  }

  /** `fetch` does not tell how far an upload is; this does, as a share. */
  upload(file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Picture> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.#origin}/api/pictures?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
      request.onload = () => {
        const document = parse(request.responseText);
        if (request.status === 201) {
          resolve(document as Picture);
        } else {
          reject(problem(request.status, document));
        }
      };
      request.onerror = () => reject(new ApiError(0, UNREACHABLE));
      request.onabort = () => reject(new ApiError(0, "The upload was stopped."));
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
  }

  async #ask<T>(method: string, path: string, signal?: AbortSignal): Promise<T> {
    let answer: Response;
    try {
      answer = await this.#fetch(`${this.#origin}/api/${path}`, { method, ...(signal ? { signal } : {}) });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new ApiError(0, UNREACHABLE);
    }
    if (answer.status === 204) {
      return undefined as T;
    }
    const document = parse(await answer.text());
    if (!answer.ok) {
      throw problem(answer.status, document);
    }
    return document as T;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function problem(status: number, document: unknown): ApiError {
  const known =
    typeof document === "object" && document !== null ? (document as Record<string, unknown>) : {};
  const detail =
    typeof known["detail"] === "string"
      ? known["detail"]
      : status >= 502 && status <= 504
        ? "The server does not answer at the moment."
        : `The server answered ${status}.`;
  return new ApiError(status, detail);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
