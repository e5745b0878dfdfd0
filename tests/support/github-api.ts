import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

/** GitHub's limit for the body of a comment, in characters. */
const LONGEST_BODY = 65_536;

/** Fake of the parts of GitHub's API that comments use: pages, the limit of a body, permissions. */
export class GitHubApi {
  readonly comments: Comment[] = [];
  /** Pull requests; `head` has the form `owner:branch`. */
  readonly pulls: { number: number; base: string; head: string; sha: string }[] = [];
  /** All received requests: `POST /repos/…`. */
  readonly asked: string[] = [];
  mayWrite = true;
  private server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      void read(request).then((body) => {
        const [status, answer, headers = {}] = this.answer(request, body);
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify(answer));
      });
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.close();
  }

  private answer(
    request: IncomingMessage,
    body: string,
  ): [status: number, answer: unknown, headers?: Record<string, string>] {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? ""}`);
    this.asked.push(`${request.method} ${url.pathname}`);
    if (request.headers.authorization !== "Bearer a-token") {
      return [401, { message: "Bad credentials" }];
    }
    if (request.method === "GET") {
      const all = url.pathname.endsWith("/pulls") ? this.openPulls(url.searchParams) : this.comments;
      return page(all, url);
    }
    if (!this.mayWrite) {
      return [403, { message: "Resource not accessible by integration" }];
    }
    const { body: text } = JSON.parse(body) as { body: string };
    if (text.length > LONGEST_BODY) {
      return [422, { message: `Body is too long (maximum is ${LONGEST_BODY} characters)` }];
    }
    if (request.method === "POST") {
      this.comments.push({
        id: 1000 + this.comments.length,
        body: text,
        user: { login: "github-actions[bot]" },
      });
      return [201, {}];
    }
    const own = this.comments.find(({ id }) => url.pathname.endsWith(`/issues/comments/${id}`));
    if (!own) {
      return [404, { message: "Not Found" }];
    }
    own.body = text;
    return [200, {}];
  }

  private openPulls(query: URLSearchParams): unknown[] {
    return this.pulls
      .filter(({ head, base }) => head === query.get("head") && base === query.get("base"))
      .map(({ number, sha }) => ({ number, head: { sha } }));
  }
}

function page(all: readonly unknown[], url: URL): [number, unknown, Record<string, string>] {
  const size = Number(url.searchParams.get("per_page") ?? 30);
  const number = Number(url.searchParams.get("page") ?? 1);
  const next = new URL(url);
  next.searchParams.set("page", String(number + 1));
  const hasMore = all.length > number * size;
  const link = `<${next.href}>; rel="next", <${url.href}>; rel="last"`;
  return [200, all.slice((number - 1) * size, number * size), hasMore ? { link } : {}];
}

async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
  }
  return text;
}
