import { request, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 15_000;

/** A request and its result. */
export interface Sample {
  /** What ran meanwhile: an operation, or `nothing`. */
  readonly phase: string;
  readonly milliseconds: number;
  /** @default - it succeeded */
  readonly failure?: string;
}

/**
 * Sends requests to the API of AI todo at a fixed rate, however long the answers take, each on a connection of its own:
 * of ten, seven list todos, and one each creates, reads and deletes one.
 */
export class Load {
  readonly samples: Sample[] = [];
  /** What runs now. */
  phase = "nothing";
  private readonly ids: string[] = [];
  private isOver = false;
  private readonly open = new Set<Promise<void>>();
  private readonly working: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly perSecond: number,
  ) {
    this.working = this.work();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.working;
    await Promise.all(this.open);
  }

  private async work(): Promise<void> {
    const begin = performance.now();
    for (let number = 0; !this.isOver; number++) {
      const due = begin + (number * 1000) / this.perSecond;
      await sleep(Math.max(0, due - performance.now()));
      const sent = this.send(number);
      this.open.add(sent);
      void sent.then(() => this.open.delete(sent));
    }
  }

  private async send(number: number): Promise<void> {
    const { phase } = this;
    const begin = performance.now();
    const failure = await this.request(number % 10).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    this.samples.push({
      phase,
      milliseconds: performance.now() - begin,
      ...(failure !== undefined && { failure }),
    });
  }

  private async request(kind: number): Promise<string | undefined> {
    if (kind === 7) {
      const { status, body } = await ask("POST", this.url, JSON.stringify({ title: "soak" }));
      const { id } = (status === 201 ? JSON.parse(body) : {}) as { id?: string };
      if (id !== undefined) {
        this.ids.push(id);
      }
      return status === 201 ? undefined : `POST answered ${status}`;
    }
    const id = kind === 8 ? this.ids.at(-1) : kind === 9 ? this.ids.shift() : undefined;
    const method = kind === 9 && id !== undefined ? "DELETE" : "GET";
    const { status } = await ask(method, id === undefined ? `${this.url}?limit=20` : `${this.url}/${id}`);
    // Two reads of one todo may overlap with its deletion.
    const expected = method === "DELETE" ? [204, 404] : id === undefined ? [200] : [200, 404];
    return expected.includes(status) ? undefined : `${method} answered ${status}`;
  }
}

function ask(method: string, url: string, body?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(
      url,
      { method, agent: false, timeout: TIMEOUT_MS, headers },
      (answer: IncomingMessage) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("error", reject);
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, body: text });
        });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}
