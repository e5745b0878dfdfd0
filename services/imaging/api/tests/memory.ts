import type { Cache } from "../src/cache.ts";
import type { Analysis, Artefact, Claim, Figures, Picture, Store } from "../src/model.ts";
import type { MediaType } from "../src/sniff.ts";

interface Kept {
  id: string;
  name: string;
  status: "uploading" | "queued" | "done" | "failed";
  mediaType: MediaType;
  size: number;
  sha256: string;
  problem: string | null;
  createdAt: Date;
  chunks: Buffer[];
  attempts: number;
  lease: string | undefined;
  retryAt: number;
}

/** A store in memory, for tests of what uses one. The real one is tested from end to end. */
export class MemoryStore implements Store {
  readonly pictures = new Map<string, Kept>();
  readonly analyses = new Map<string, Analysis>();
  unavailable: Error | undefined;

  async check(): Promise<void> {
    this.#there();
  }
  async begin(id: string, name: string): Promise<void> {
    this.#there();
    this.pictures.set(id, {
      id,
      name,
      status: "uploading",
      mediaType: "image/png",
      size: 0,
      sha256: "",
      problem: null,
      createdAt: new Date(1_700_000_000_000 + this.pictures.size),
      chunks: [],
      attempts: 0,
      lease: undefined,
      retryAt: 0,
    });
  }
  async append(id: string, number: number, data: Buffer): Promise<void> {
    this.#there();
    this.#of(id).chunks[number] = Buffer.from(data);
  }
  async finish(id: string, found: { mediaType: MediaType; size: number; sha256: string }): Promise<Picture> {
    const kept = Object.assign(this.#of(id), found);
    kept.status = this.analyses.has(found.sha256) ? "done" : "queued";
    return this.#seen(kept);
  }
  async find(id: string): Promise<Picture | undefined> {
    this.#there();
    const kept = this.pictures.get(id);
    return kept && kept.status !== "uploading" ? this.#seen(kept) : undefined;
  }
  async list(limit: number, before?: string): Promise<readonly Picture[]> {
    const newest = [...this.pictures.values()].filter(({ status }) => status !== "uploading").reverse();
    const start = before === undefined ? 0 : newest.findIndex(({ id }) => id === before) + 1;
    return newest.slice(start, start + limit).map((kept) => this.#seen(kept));
  }
  async *content(id: string): AsyncIterable<Buffer> {
    yield* this.#of(id).chunks;
  }
  async remove(id: string): Promise<{ sha256: string; orphaned: boolean } | undefined> {
    const kept = this.pictures.get(id);
    this.pictures.delete(id);
    return kept && { sha256: kept.sha256, orphaned: this.analyses.delete(kept.sha256) };
  }
  async figures(sha256: string): Promise<Figures | undefined> {
    return this.analyses.get(sha256)?.figures;
  }
  async artefact(sha256: string, artefact: Artefact): Promise<Buffer | undefined> {
    return this.analyses.get(sha256)?.[artefact];
  }
  async claim(lease: string): Promise<Claim | undefined> {
    this.#there();
    const next = [...this.pictures.values()].find(
      (kept) => kept.status === "queued" && kept.lease === undefined && kept.retryAt <= Date.now(),
    );
    if (!next) {
      return undefined;
    }
    next.lease = lease;
    next.attempts += 1;
    return { id: next.id, sha256: next.sha256, lease, attempts: next.attempts };
  }
  async complete({ sha256 }: Claim, analysis: Analysis): Promise<void> {
    this.analyses.set(sha256, analysis);
    for (const kept of this.pictures.values()) {
      if (kept.sha256 === sha256 && kept.status === "queued") {
        kept.status = "done";
      }
    }
  }
  async fail({ id }: Claim, problem: string): Promise<void> {
    Object.assign(this.#of(id), { status: "failed", problem });
  }
  async release({ id }: Claim, milliseconds: number, counted: boolean): Promise<void> {
    const kept = this.#of(id);
    kept.lease = undefined;
    kept.retryAt = Date.now() + milliseconds;
    kept.attempts -= counted ? 0 : 1;
  }
  async sweep(): Promise<number> {
    return 0;
  }
  async close(): Promise<void> {}

  #there(): void {
    if (this.unavailable) {
      throw this.unavailable;
    }
  }
  #of(id: string): Kept {
    const kept = this.pictures.get(id);
    if (!kept) {
      throw new Error(`no ${id}`);
    }
    return kept;
  }
  #seen({ id, name, status, mediaType, size, sha256, problem, createdAt, lease }: Kept): Picture {
    const shown = status === "queued" && lease !== undefined ? "analyzing" : status;
    const figures = this.analyses.get(sha256)?.figures;
    return {
      id,
      name,
      status: shown === "uploading" ? "queued" : shown,
      mediaType,
      size,
      sha256,
      problem,
      createdAt,
      ...(figures && { negativeSpace: figures.negative_space }),
    };
  }
}

/** A cache that remembers all. */
export class MemoryCache implements Cache {
  readonly values = new Map<string, Buffer>();
  state = "ok";
  async through(_kind: string, key: string, load: () => Promise<Buffer | undefined>) {
    const known = this.values.get(key);
    if (known) {
      return { value: known, hit: true };
    }
    const value = await load();
    if (value) {
      this.values.set(key, value);
    }
    return value && { value, hit: false };
  }
  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.values.delete(key);
    }
  }
  async check(): Promise<string> {
    return this.state;
  }
  async close(): Promise<void> {}
}

export const ANALYSIS: Analysis = {
  figures: {
    width: 100,
    height: 50,
    negative_space: 0.75,
    largest_rectangle: { x: 0, y: 0, width: 50, height: 50, area: 0.5 },
    largest_circle: { x: 25, y: 25, radius: 25, area: 0.3927 },
    subject: { x: 75, y: 25, offset: 0.3 },
    regions: { count: 1, enclosed: 0, largest: [] },
  },
  overlay: Buffer.from("overlay"),
  thumbnail: Buffer.from("thumbnail"),
};

/** The first bytes of a PNG, and some more. */
export function png(size = 64): Buffer {
  const head = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([head, Buffer.alloc(Math.max(0, size - head.length), 7)]);
}
