import { ApiError, Http, problem, UNREACHABLE, type HttpOptions } from "#web/http.ts";
import type { Page, Picture } from "./types.ts";

export type Artefact = "original" | "overlay" | "thumbnail";

/** The API, at an origin ("" is the page's own). */
export class Api {
  readonly #http: Http;

  constructor(origin: string, options: HttpOptions = {}) {
    this.#http = new Http(origin, options);
  }

  pictures(before: string | null, signal?: AbortSignal): Promise<Page> {
    const after = before === null ? "" : `&before=${encodeURIComponent(before)}`;
    return this.#http.ask("GET", `pictures?limit=12${after}`, undefined, signal);
  }
  picture(id: string, signal?: AbortSignal): Promise<Picture> {
    return this.#http.ask("GET", `pictures/${encodeURIComponent(id)}`, undefined, signal);
  }
  async remove(id: string): Promise<void> {
    await this.#http.ask("DELETE", `pictures/${encodeURIComponent(id)}`);
  }
  address(id: string, artefact: Artefact): string {
    return this.#http.address(`pictures/${encodeURIComponent(id)}/${artefact}`);
  }

  /** `fetch` does not tell how far an upload is; this does, as a share. */
  upload(file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Picture> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.#http.address(`pictures?name=${encodeURIComponent(file.name)}`));
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
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
