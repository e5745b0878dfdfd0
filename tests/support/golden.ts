import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");
/** Whether golden files are written instead of compared. */
export const isUpdating = process.env.LONGSHORE_UPDATE_GOLDEN === "1";

/** Compares text with a golden file. `npm run golden:update` writes the file instead. */
export function matchesGolden(name: string, actual: string): void {
  const file = join(root, name);
  if (isUpdating) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  assert.ok(existsSync(file), `${name} is missing; run: npm run golden:update`);
  assert.equal(
    actual,
    readFileSync(file, "utf8"),
    `${name} differs; if that is wanted: npm run golden:update`,
  );
}
