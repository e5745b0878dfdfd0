import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;
const TIMEOUT_MS = 5000;

/** A todo that the API has acknowledged. */
export interface Acknowledged {
  readonly id: string;
  /** Number of the write, counted from 0. */
  readonly number: number;
}

/** A client that creates todos all the time and remembers which of them were acknowledged. */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  refused = 0;
  private sent = 0;
  private isOver = false;
  private readonly working: Promise<void>;

  constructor(private readonly url: string) {
    this.working = this.work();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.working;
  }

  private async work(): Promise<void> {
    while (!this.isOver) {
      const number = this.sent++;
      try {
        const answer = await fetch(this.url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ title: `write ${number}` }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const body = (await answer.json()) as { id?: string };
        if (answer.status === 201 && body.id !== undefined) {
          this.acknowledged.push({ id: body.id, number });
        } else {
          this.refused += 1;
        }
      } catch {
        this.refused += 1;
      }
      await sleep(PAUSE_MS);
    }
  }
}
