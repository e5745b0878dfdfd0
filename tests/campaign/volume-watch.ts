import { setTimeout as sleep } from "node:timers/promises";
import { dockerGet, type ListedContainer } from "./docker-api";

const INTERVAL_MS = 100;

/** Looks all the time at the running containers of a volume, and notes whenever there is more than one. */
export class VolumeWatch {
  /** One line for each time that several containers ran on the volume. */
  readonly violations: string[] = [];
  /** How often Docker answered: a watch that saw nothing proves nothing. */
  looks = 0;
  private isOver = false;
  private readonly watching: Promise<void>;

  constructor(private readonly volume: string) {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.watching;
  }

  private async watch(): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ volume: [this.volume], status: ["running"] }));
    while (!this.isOver) {
      try {
        const running = await dockerGet<ListedContainer[]>(`/containers/json?filters=${filters}`);
        this.looks += 1;
        // A dump reads beside its server; its container belongs to no Compose service.
        const servers = running.filter(({ Labels }) => Labels["com.docker.compose.service"] !== undefined);
        if (servers.length > 1) {
          const names = servers.flatMap(({ Names }) => Names).join(", ");
          this.violations.push(`${servers.length} servers run on ${this.volume}: ${names}`);
        }
      } catch {
        // Docker itself may be what was killed.
      }
      await sleep(INTERVAL_MS);
    }
  }
}
