import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { limit } from "./wait";

/** Results of the requests that were sent during some work. */
export interface Counted {
  sent: number;
  /** Failed requests, one line each. */
  readonly failed: string[];
}

/** Target of the requests. */
export interface Asked {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Accepted certificates, one of which the server must present. */
  readonly ca?: readonly string[];
}

export interface LoadOptions {
  /** Attempts, half a second apart, before a request counts as failed. @default 1 */
  readonly tries?: number;
}

const PAUSE_MS = 25;
const AGAIN_MS = 500;
const SENDERS = 4;
const PATIENCE_MS = 15_000;

/**
 * Sends GET requests concurrently while `work` runs, each on a new connection. Every response other than 200 counts as
 * failed. Each target has its own senders.
 */
export async function underLoad(
  asked: string | Asked | readonly Asked[],
  work: () => Promise<unknown>,
  { tries = 1 }: LoadOptions = {},
): Promise<Counted> {
  const targets = typeof asked === "string" ? [{ url: asked }] : Array.isArray(asked) ? asked : [asked];
  const counted: Counted = { sent: 0, failed: [] };
  let isOver = false;
  const send = async (target: Asked) => {
    while (!isOver) {
      counted.sent += 1;
      let problem = await get(target);
      for (let again = 1; problem !== undefined && again < tries; again++) {
        await sleep(AGAIN_MS);
        problem = await get(target);
      }
      if (problem !== undefined) {
        counted.failed.push(`request ${counted.sent}, ${new URL(target.url).pathname}: ${problem}`);
      }
      await sleep(PAUSE_MS);
    }
  };
  const each = Math.max(1, Math.floor(SENDERS / targets.length));
  const senders = targets.flatMap((target: Asked) => Array.from({ length: each }, () => send(target)));
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(senders);
  }
  return counted;
}

/** Sends one request. Returns the error, or undefined. */
function get({ url, headers = {}, ca = [] }: Asked): Promise<string | undefined> {
  const options = { agent: false, timeout: limit(PATIENCE_MS), headers } as const;
  return new Promise((resolve) => {
    const hear = (response: IncomingMessage) => {
      response.on("error", (error) => {
        resolve(error.message);
      });
      response.on("end", () => {
        resolve(response.statusCode === 200 ? undefined : `answered ${response.statusCode ?? 0}`);
      });
      response.resume();
    };
    const sent = url.startsWith("https:")
      ? requestSecure(url, { ...options, ca: [...ca] }, hear)
      : requestPlain(url, options, hear);
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error) => {
      resolve(error.message);
    });
    sent.end();
  });
}
