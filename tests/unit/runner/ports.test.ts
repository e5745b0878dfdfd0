import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

const root = join(__dirname, "..", "..", "..");

/** Ports of this machine that files below some folders name, with the files that name each. */
function portsIn(folders: readonly string[], pattern: RegExp): Map<string, string[]> {
  const ports = new Map<string, string[]>();
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((entry) => /\.(ts|sh)$/.test(entry))
      .map((entry) => join(folder, entry)),
  );
  for (const file of files) {
    for (const [, port = ""] of readFileSync(join(root, file), "utf8").matchAll(pattern)) {
      ports.set(port, [...new Set([...(ports.get(port) ?? []), file])]);
    }
  }
  return ports;
}

describe("fixed ports of test files", () => {
  // Files of these suites run side by side, and beside the lab's Kubernetes node.
  const tests = portsIn(["tests/e2e", "tests/engine"], /\b(18\d{3})\b/g);

  it("are each used by one file", () => {
    assert.ok(tests.size > 5, "expected the ports of the end-to-end tests");
    const shared = [...tests].filter(([, files]) => files.length > 1);
    assert.deepEqual(shared, []);
  });

  it("are not those of the Kubernetes node", () => {
    const node = portsIn(["lab/kubernetes"], /\b(\d{4,5})\b/g);
    assert.ok(node.has("16443"), "expected the port of the API server");
    assert.deepEqual(
      [...tests.keys()].filter((port) => node.has(port)),
      [],
    );
  });
});
