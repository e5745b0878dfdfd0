import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../../tools/paths";

/** How long each test file and command took the last time it passed, on this machine: the longest are started first. */
export class History {
  private constructor(
    private readonly file: string,
    private readonly known: Record<string, number>,
  ) {}

  static read(file = join(cacheDir(), "tests", "seconds.json")): History {
    try {
      return new History(file, JSON.parse(readFileSync(file, "utf8")) as Record<string, number>);
    } catch {
      return new History(file, {});
    }
  }

  seconds(name: string): number | undefined {
    return this.known[name];
  }

  note(name: string, seconds: number): void {
    this.known[name] = Math.round(seconds * 10) / 10;
  }

  /** Replaces the file in one step: two runs at once leave one of the two. */
  write(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const partial = `${this.file}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(this.known, undefined, 2));
    renameSync(partial, this.file);
  }
}
