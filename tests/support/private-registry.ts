import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry in memory that refuses anonymous requests: as much of the OCI distribution API as a push and a pull take. */
export class PrivateRegistry {
  private readonly content = new Map<string, { readonly type: string; readonly body: Buffer }>();
  private readonly server: Server;

  private constructor(private readonly authorization: string) {
    this.server = createServer((request, response) => {
      void this.answer(request).then(({ status, headers = {}, body = Buffer.alloc(0) }) => {
        response.writeHead(status, { "Docker-Distribution-Api-Version": "registry/2.0", ...headers });
        response.end(request.method === "HEAD" ? undefined : body);
      });
    });
  }

  static async start(user: string, password: string): Promise<PrivateRegistry> {
    const login = Buffer.from(`${user}:${password}`).toString("base64");
    const registry = new PrivateRegistry(`Basic ${login}`);
    await new Promise<void>((resolve) => registry.server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  /** Host and port. Docker uses plain HTTP for loopback addresses. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(
    request: IncomingMessage,
  ): Promise<{ status: number; headers?: Record<string, string | number>; body?: Buffer }> {
    const { method = "GET", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    if (headers.authorization !== this.authorization) {
      return { status: 401, headers: { "WWW-Authenticate": 'Basic realm="private"' } };
    }
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://registry");
    const received = Buffer.concat(chunks);
    if (method === "POST") {
      return { status: 202, headers: { Location: `${pathname}${String(this.content.size)}`, Range: "0-0" } };
    }
    if (method === "PATCH") {
      this.content.set(pathname, { type: "", body: received });
      return { status: 202, headers: { Location: pathname, Range: `0-${String(received.length - 1)}` } };
    }
    if (method === "PUT") {
      const uploaded = this.content.get(pathname)?.body;
      const body = received.length > 0 ? received : (uploaded ?? received);
      const digest =
        searchParams.get("digest") ?? `sha256:${createHash("sha256").update(body).digest("hex")}`;
      const type = headers["content-type"] ?? "application/octet-stream";
      const names = pathname.includes("/manifests/") ? [pathname.split("/").at(-1) ?? "", digest] : [digest];
      names.forEach((name) => this.content.set(name, { type, body }));
      return { status: 201, headers: { Location: pathname, "Docker-Content-Digest": digest } };
    }
    const name = pathname.split("/").at(-1) ?? "";
    const found = this.content.get(name);
    if (pathname === "/v2/") {
      return { status: 200 };
    }
    if (!found) {
      return { status: 404 };
    }
    const digest = `sha256:${createHash("sha256").update(found.body).digest("hex")}`;
    return {
      status: 200,
      headers: {
        "Content-Type": found.type,
        "Content-Length": found.body.length,
        "Docker-Content-Digest": digest,
      },
      body: found.body,
    };
  }
}
