import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { planSystem } from "../../catalog/plan";
import { notes } from "../../docs/tutorial/notes/notes";

const guide = join(__dirname, "..", "..", "docs", "tutorial");
const words = (text: string) => text.replace(/\s+/g, " ").trim();

describe("the guide", () => {
  it("describes a system without a mistake, for this machine and for production", () => {
    assert.deepEqual(checkSystem(notes), []);
    for (const [environment, target] of [
      ["local", "compose"],
      ["prod", "gcp"],
    ] as const) {
      const { startOrder } = planSystem(notes, { environment, target, domain: "example.com" });
      assert.equal(startOrder.at(-1), "api");
    }
  });

  it("shows the same lines as the file that a test brings up", () => {
    const whole = words(readFileSync(join(guide, "notes", "notes.ts"), "utf8"));
    const page = readFileSync(join(guide, "first-system.md"), "utf8");
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    // The first two blocks are the beginning of the file and its registration; the others are parts of the complete
    // file.
    const [beginning, registration, ...parts] = blocks;
    assert.match(beginning ?? "", /system\("notes"/);
    assert.match(registration ?? "", /import \{ notes \} from "\.\/notes";/);
    assert.equal(parts.length, 3);
    for (const line of parts.flatMap((part) => part.split("\n"))) {
      assert.ok(whole.includes(words(line)), `not in notes.ts: ${line}`);
    }
  });
});
