import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { limit } from "./wait";

/** What became of requests that were sent all the time while something else happened. */
export interface Counted {
  sent: number;
  /** One line each. */
  readonly failed: string[];
}

/** What is asked for, again and again. */
export interface Asked {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificates, one of which the server must show. */
  readonly ca?: readonly string[];
}

export interface LoadOptions {
  /** How often a request is sent before it counts as failed, half a second apart. @default 1 */
  readonly tries?: number;
}

const PAUSE_MS = 25;
const AGAIN_MS = 500;
const SENDERS = 4;
const PATIENCE_MS = 15_000;

/**
 * Sends GET requests from several senders, each request on a connection of its own, while `work` goes on; every answer
 * but 200 counts as failed. Of several targets each has its own senders.
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

/** The error, or undefined. */
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
