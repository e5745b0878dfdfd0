import { request } from "node:http";

/** What became of requests that were sent all the time while something else happened. */
export interface Counted {
  sent: number;
  /** One line each. */
  readonly failed: string[];
}

const PAUSE_MS = 25;
const SENDERS = 4;
const PATIENCE_MS = 15_000;

/**
 * Sends GET requests from several senders, each on a connection of its own, while `work` goes on; every answer but 200
 * counts as failed.
 */
export async function underLoad(url: string, work: () => Promise<unknown>): Promise<Counted> {
  const counted: Counted = { sent: 0, failed: [] };
  let isOver = false;
  const send = async () => {
    while (!isOver) {
      counted.sent += 1;
      const problem = await get(url);
      if (problem !== undefined) {
        counted.failed.push(`request ${counted.sent}: ${problem}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const senders = Array.from({ length: SENDERS }, send);
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(senders);
  }
  return counted;
}

/** What went wrong, or undefined. */
function get(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      response.on("error", (error) => {
        resolve(error.message);
      });
      response.on("end", () => {
        resolve(response.statusCode === 200 ? undefined : `answered ${response.statusCode ?? 0}`);
      });
      response.resume();
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error) => {
      resolve(error.message);
    });
    sent.end();
  });
}
