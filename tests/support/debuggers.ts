import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { limit } from "./wait";

/** The fields of a Debug Adapter Protocol message that tests read. */
export interface AdapterMessage {
  readonly type: "response" | "event" | "request";
  readonly command?: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly body?: Record<string, unknown>;
}

/** A minimal client of the Debug Adapter Protocol, which debugpy speaks. Attaches like an editor. */
export class DebugAdapter {
  private buffer = Buffer.alloc(0);
  private sequence = 0;
  private readonly messages: AdapterMessage[] = [];
  private wake: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.on("data", (data) => {
      this.buffer = Buffer.concat([this.buffer, data]);
      this.parse();
      this.wake();
    });
  }

  static async connect(port: number): Promise<DebugAdapter> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new DebugAdapter(socket);
  }

  /** Sends a request without waiting for the response. */
  send(command: string, args: unknown): number {
    this.sequence += 1;
    const body = JSON.stringify({ seq: this.sequence, type: "request", command, arguments: args });
    this.socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return this.sequence;
  }

  /** Sends a request. @throws if the response is an error */
  async request(command: string, args: unknown): Promise<Record<string, unknown>> {
    const sequence = this.send(command, args);
    const response = await this.next(command, (one) => one.request_seq === sequence);
    if (response.success !== true) {
      throw new Error(`${command} failed: ${JSON.stringify(response)}`);
    }
    return response.body ?? {};
  }

  async event(name: string): Promise<Record<string, unknown>> {
    const { body } = await this.next(name, ({ event }) => event === name);
    return body ?? {};
  }

  close(): void {
    this.socket.destroy();
  }

  /** Returns the first matching message, received earlier or within half a minute. */
  private async next(what: string, fits: (message: AdapterMessage) => boolean): Promise<AdapterMessage> {
    const end = Date.now() + limit(30_000);
    for (;;) {
      const found = this.messages.find(fits);
      if (found) {
        this.messages.splice(this.messages.indexOf(found), 1);
        return found;
      }
      if (Date.now() > end) {
        throw new Error(`no answer to ${what}; got ${JSON.stringify(this.messages)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private parse(): void {
    for (;;) {
      const head = /^Content-Length: (\d+)\r\n\r\n/.exec(this.buffer.toString("latin1", 0, 40));
      const length = Number(head?.[1]);
      const start = head?.[0].length ?? 0;
      if (!head || this.buffer.length < start + length) {
        return;
      }
      this.messages.push(JSON.parse(this.buffer.toString("utf8", start, start + length)) as AdapterMessage);
      this.buffer = this.buffer.subarray(start + length);
    }
  }
}

/**
 * Evaluates an expression in a Node.js process through its inspector, with one WebSocket message in each direction.
 * Node 20 has no built-in WebSocket client.
 * @returns the value
 */
export async function inspect(port: number, expression: string): Promise<unknown> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const { pathname } = new URL(targets[0]?.webSocketDebuggerUrl ?? "ws://none/");
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  // The timeout only ends a test that has already failed.
  socket.setTimeout(limit(30_000), () => socket.destroy(new Error(`the inspector on ${port} says nothing`)));
  try {
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
    socket.write([`GET ${pathname} HTTP/1.1`, "Host: 127.0.0.1", ...upgrade, key, "", ""].join("\r\n"));
    const request = { id: 1, method: "Runtime.evaluate", params: { expression, returnByValue: true } };
    let received = Buffer.alloc(0);
    let isUpgraded = false;
    for await (const data of socket) {
      received = Buffer.concat([received, data as Buffer]);
      // Data sent before the response to the upgrade is lost.
      if (!isUpgraded && received.includes("\r\n\r\n")) {
        isUpgraded = true;
        socket.write(frame(JSON.stringify(request)));
      }
      const answer = /\{"id":1,.*\}/s.exec(received.toString("utf8"))?.[0];
      if (answer !== undefined) {
        return (JSON.parse(answer) as { result: { result: { value: unknown } } }).result.result.value;
      }
    }
    throw new Error(`the inspector on ${port} closed: ${received.toString("utf8")}`);
  } finally {
    socket.destroy();
  }
}

/** Encodes a text frame, masked as the protocol requires of clients. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const isShort = payload.length < 126;
  const length = Buffer.alloc(isShort ? 1 : 3);
  length.writeUInt8(0x80 | (isShort ? payload.length : 126));
  if (!isShort) {
    length.writeUInt16BE(payload.length, 1);
  }
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81]), length, mask, masked]);
}
