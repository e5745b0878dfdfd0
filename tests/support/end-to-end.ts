import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser } from "playwright-core";
import { findChromium } from "../../tools/chromium";
import { run } from "../../tools/process";

/** Where screenshots go; git ignores it. */
export const reports = join(__dirname, "..", "..", "reports");

export const MEGABYTE = 1_000_000;

/** What `longshore status --json` says. */
export interface Status {
  services: { id: string; system: string; service: string; state: string; health: string; image: string }[];
}

/** What `longshore up --json` says. */
export interface Up {
  status: string;
  summary: Record<string, number>;
}

/** Runs docker and returns what it printed. @throws AssertionError when it fails */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: 120_000 });
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** Asks until the condition holds; the limit only ends a test that has failed. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition().catch(() => false)) {
      return;
    }
    await sleep(200);
  }
  assert.fail(`${what}: not so within two minutes`);
}

/** A browser that runs as root and calls nobody by itself. */
export async function launchBrowser(): Promise<Browser> {
  mkdirSync(reports, { recursive: true });
  return chromium.launch({
    executablePath: await findChromium(console.log),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
