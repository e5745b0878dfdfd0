import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A request that the fake API server got. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** An API server that answers what a test says, with a kubeconfig for it. It is no Kubernetes: it checks and stores nothing. */
export class FakeCluster {
  readonly seen: Seen[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "longshore-fake-cluster-"));
  private readonly server = createServer((request, response) => void this.answer(request, response));

  /**
   * @param answers by method and path without the query, such as `GET /api/v1/namespaces/todo`: an object, or text; a list of
   *   items may be shortened to the list. Everything else is answered with 404
   */
  constructor(readonly answers: Record<string, unknown>) {}

  /** @returns the environment of commands that use the cluster by this context */
  async start(context: string): Promise<{ KUBECONFIG: string }> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const { port } = this.server.address() as AddressInfo;
    const file = join(this.folder, "kubeconfig");
    writeFileSync(
      file,
      JSON.stringify({
        clusters: [
          { name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
        ],
        users: [{ name: "fake", user: {} }],
        contexts: [{ name: context, context: { cluster: "fake", user: "fake" } }],
      }),
    );
    return { KUBECONFIG: file };
  }

  /** Answers nothing any more. */
  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  remove(): void {
    this.stop();
    rmSync(this.folder, { recursive: true });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) {
      body += String(chunk);
    }
    const { method = "", url = "" } = request;
    const path = url.split("?")[0] ?? "";
    this.seen.push({ method, path: url, body });
    const answer = this.answers[`${method} ${path}`];
    if (typeof answer === "string") {
      response.end(answer);
      return;
    }
    const status = {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      message: `${path} not found`,
      code: 404,
    };
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify(answer === undefined ? status : Array.isArray(answer) ? { items: answer } : answer),
    );
  }
}
