import { basename, dirname } from "node:path";
import type { FileSystem } from "../../tools/files";

/** Thrown at a simulated kill. Cleanup of the code under test has no effect after it. */
export const KILLED = new Error("killed");

interface Entry {
  readonly content: string;
  readonly mode: number;
}

/** An in-memory file system that can fail at any operation: on a full disk, or by a kill. */
export class MemoryDisk implements FileSystem {
  private readonly files = new Map<string, Entry>();
  private readonly folders = new Set<string>();
  private left = Infinity;
  private failure: "kill" | "full" = "kill";
  private isDead = false;
  /** Number of operations that changed something. */
  operations = 0;

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [path, content] of Object.entries(files)) {
      this.files.set(path, { content, mode: 0o600 });
    }
  }

  /** Makes the operation after this many changes fail. */
  failAt(operations: number, failure: "kill" | "full"): void {
    this.left = operations;
    this.failure = failure;
  }

  /** The disk as the next process would find it. */
  afterCrash(): MemoryDisk {
    const next = new MemoryDisk();
    this.files.forEach((entry, path) => next.files.set(path, entry));
    this.folders.forEach((path) => next.folders.add(path));
    return next;
  }

  paths(): string[] {
    return [...this.files.keys()].sort();
  }

  read = (path: string): string | undefined => this.files.get(path)?.content;

  create = (path: string, content: string, mode: number): void => {
    if (this.files.has(path)) {
      throw Object.assign(new Error(`EEXIST: ${path}`), { code: "EEXIST" });
    }
    this.change(
      () => this.files.set(path, { content, mode }),
      () => this.files.set(path, { content: content.slice(0, Math.floor(content.length / 2)), mode }),
    );
  };

  rename = (from: string, to: string): void => {
    this.change(() => {
      const entry = this.files.get(from);
      if (entry === undefined) {
        throw Object.assign(new Error(`ENOENT: ${from}`), { code: "ENOENT" });
      }
      this.files.delete(from);
      this.files.set(to, entry);
    });
  };

  remove = (path: string): void => {
    // A removal succeeds on a full disk.
    this.change(
      () => {
        for (const name of [...this.files.keys()].filter(
          (one) => one === path || one.startsWith(`${path}/`),
        )) {
          this.files.delete(name);
        }
        this.folders.delete(path);
      },
      undefined,
      false,
    );
  };

  list = (folder: string): string[] => {
    const names = [...this.files.keys(), ...this.folders]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1).split("/")[0] ?? "");
    return [...new Set(names)].sort();
  };

  makeFolder = (path: string): void => {
    this.change(() => this.folders.add(path));
  };

  mode = (path: string): number | undefined => this.files.get(path)?.mode;

  resolve = (path: string): string => `${dirname(path)}/${basename(path)}`;

  /** @param partly writes what a failed operation leaves behind */
  private change(work: () => unknown, partly: () => unknown = () => undefined, needsSpace = true): void {
    if (this.isDead) {
      throw KILLED;
    }
    if (this.left <= 0 && (this.failure === "kill" || needsSpace)) {
      partly();
      if (this.failure === "kill") {
        this.isDead = true;
        throw KILLED;
      }
      this.left = Infinity;
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }
    this.left -= 1;
    this.operations += 1;
    work();
  }
}
