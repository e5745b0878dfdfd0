import { join } from "node:path";
import { isUp, rememberUp, type LabFolders } from "./stamp";

export type Environment = Readonly<Record<string, string>>;

/** Runs a program to completion without throwing: `run` of tools/process.ts. */
export type Run = (
  command: string,
  args: readonly string[],
  options?: { readonly timeoutMs?: number; readonly onLine?: (line: string) => void },
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/** Timeout of the setup in milliseconds. The first run builds the base images. */
const SETUP_MS = 40 * 60_000;

/**
 * The lab as the product knows it: Docker and base images for a machine without them. This module is all of the lab
 * that the product may import, and it imports nothing of the product.
 */
export class Lab {
  constructor(
    private readonly folders: LabFolders,
    private readonly run: Run,
  ) {}

  /** Environment variables for Docker clients of the lab. */
  async environment(): Promise<Environment> {
    const { stdout } = await this.run("bash", [this.script("lab.sh"), "env"]);
    return parseEnvironment(stdout);
  }

  /** Base images of this repository's Dockerfiles and systems. */
  async baseImages(): Promise<readonly string[]> {
    const { stdout } = await this.run("bash", [this.script("images.sh"), "list"]);
    return stdout
      .trim()
      .split("\n")
      .map((image) => image.replace(/^library\//, ""));
  }

  /** Whether `up` would have nothing to do for these images. */
  isUp(images: readonly string[]): Promise<boolean> {
    return isUp(this.folders, images);
  }

  /**
   * Sets the lab up: at once if it runs, in minutes the first time. Builds images that only some systems need if they
   * are named.
   * @returns why it failed; undefined once the lab is up
   */
  async up(images: readonly string[], say: (line: string) => void): Promise<string | undefined> {
    const heard: string[] = [];
    const { code } = await this.run("bash", [this.script("lab.sh"), "up", ...images], {
      timeoutMs: SETUP_MS,
      onLine: (line) => {
        heard.push(line);
        if (isProgress(line)) {
          say(line);
        }
      },
    });
    if (code !== 0) {
      return (heard.findLast(isProgress) ?? heard.at(-1) ?? "no output").replace(/^lab: /, "");
    }
    await rememberUp(this.folders, images);
    return undefined;
  }

  private script(name: string): string {
    return join(this.folders.scripts, name);
  }
}

function isProgress(line: string): boolean {
  return line.startsWith("lab: ");
}

/** Parses `NAME=value` lines. A value may contain `=`. Ignores other lines. */
export function parseEnvironment(text: string): Environment {
  const entries = text.split("\n").flatMap((line) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    return match ? [[match[1] ?? "", match[2] ?? ""] as const] : [];
  });
  return Object.fromEntries(entries);
}
