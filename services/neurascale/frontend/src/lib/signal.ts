import type { Samples } from "./types.ts";

/** Seconds of signal that are shown. */
export const SPAN = 8;

/** The newest samples of every channel; what was lost on the way is a gap. */
export class Signal {
  readonly channels: readonly string[];
  /** Samples per second. */
  rate = 0;
  /** One ring per channel; NaN where nothing has come. */
  #rings: Float32Array[] = [];
  #next = 0;
  #recording = "";
  #sequence = -1;

  /** @param channels names of the device's channels, in the order of the values */
  constructor(channels: readonly string[]) {
    this.channels = channels;
  }

  /** Samples per channel that are kept. */
  get length(): number {
    return this.#rings[0]?.length ?? 0;
  }

  /** @returns whether anything was taken: what came before is ignored */
  push({ recording_id, sequence, rate, values }: Samples): boolean {
    if (recording_id !== this.#recording || rate !== this.rate) {
      this.rate = rate;
      this.#rings = this.channels.map(() => new Float32Array(Math.round(rate * SPAN)).fill(NaN));
      this.#next = 0;
      this.#recording = recording_id;
      this.#sequence = -1;
    }
    if (sequence <= this.#sequence) {
      return false;
    }
    const count = values[0]?.length ?? 0;
    const missing = this.#sequence < 0 ? 0 : (sequence - this.#sequence - 1) * count;
    this.#append(Math.min(missing, this.length), () => NaN);
    this.#append(count, (channel, index) => values[channel]?.[index] ?? NaN);
    this.#sequence = sequence;
    return true;
  }

  /** A channel's samples, the oldest first. */
  read(channel: number): Float32Array {
    const ring = this.#rings[channel] ?? new Float32Array();
    const ordered = new Float32Array(ring.length);
    ordered.set(ring.subarray(this.#next));
    ordered.set(ring.subarray(0, this.#next), ring.length - this.#next);
    return ordered;
  }

  #append(count: number, value: (channel: number, index: number) => number): void {
    for (let index = 0; index < count; index++) {
      this.#rings.forEach((ring, channel) => (ring[this.#next] = value(channel, index)));
      this.#next = (this.#next + 1) % this.length;
    }
  }
}
