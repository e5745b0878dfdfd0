import { request } from "node:http";

/** A container as `GET /containers/json` lists it. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  /** For people: `Up 3 minutes (healthy)`. */
  readonly Status: string;
  readonly Command: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Mounts: readonly { readonly Type: string; readonly Source: string; readonly Name?: string }[];
}

const TIMEOUT_MS = 5000;

/** Reads from the Docker Engine without a docker process, which would take longer than what is looked for. */
export function dockerGet<T>(path: string): Promise<T> {
  const socketPath = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace(/^unix:\/\//, "");
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, timeout: TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) {
          resolve(JSON.parse(text) as T);
        } else {
          reject(new Error(`GET ${path}: ${response.statusCode ?? 0} ${text.trim()}`));
        }
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`GET ${path}: no answer within ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end();
  });
}

/** Containers of a Compose project. */
export function containersOf(project: string, { all = true } = {}): Promise<ListedContainer[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  return dockerGet(`/containers/json?all=${String(all)}&filters=${filters}`);
}
