import { ApiError, Http, type HttpOptions } from "#web/http.ts";
import type { Device, DeviceList, Latest, Session, SimulatedSignal } from "./types.ts";

/** The API, at an origin ("" is the page's own), with the token of a session once there is one. */
export class Api {
  readonly #http: Http;

  constructor(origin: string, options: HttpOptions = {}) {
    this.#http = new Http(origin, options);
  }

  login(username: string, password: string): Promise<Session> {
    return this.#http.ask("POST", "login", { username, password });
  }
  devices(signal?: AbortSignal): Promise<DeviceList> {
    return this.#http.ask("GET", "devices", undefined, signal);
  }
  start(id: string, signal?: SimulatedSignal): Promise<Device> {
    return this.#http.ask("POST", `devices/${encodeURIComponent(id)}/start`, signal ? { signal } : {});
  }
  stop(id: string): Promise<Device> {
    return this.#http.ask("POST", `devices/${encodeURIComponent(id)}/stop`);
  }
  latest(device: string, signal?: AbortSignal): Promise<Latest> {
    return this.#http.ask("GET", `latest/${encodeURIComponent(device)}`, undefined, signal);
  }

  /**
   * The device's events as they come. EventSource cannot send the token, and a token has no place in an address,
   * so this reads the answer of an ordinary request.
   */
  async stream(device: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#http.send("GET", `stream/${encodeURIComponent(device)}`, undefined, signal);
    if (!answer.body) {
      throw new ApiError(answer.status, "The server sent no events.");
    }
    return answer.body;
  }
}
