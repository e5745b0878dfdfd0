import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "mocha";
import { create } from "tar";
import { compareLayouts } from "../../cli/images/compare";

interface File {
  readonly text: string;
  readonly mode?: number;
  readonly time?: number;
}

describe("cli: two builds of an image", () => {
  let folder: string;
  let count = 0;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-compare-"));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Creates an OCI layout with an image of one layer. */
  function layout(files: Readonly<Record<string, File>>, env: readonly string[] = []): string {
    const own = join(folder, String(++count));
    for (const [path, { text, mode = 0o644, time = 315_532_800 }] of Object.entries(files)) {
      const file = join(own, "files", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode });
      utimesSync(file, time, time);
    }
    mkdirSync(join(own, "blobs", "sha256"), { recursive: true });
    const blob = (content: string | Buffer) => {
      const digest = createHash("sha256").update(content).digest("hex");
      writeFileSync(join(own, "blobs", "sha256", digest), content);
      return { digest: `sha256:${digest}` };
    };
    const archive = create(
      { cwd: join(own, "files"), gzip: true, sync: true, portable: false },
      Object.keys(files),
    );
    const layers = [blob(archive.read() as Buffer)];
    const history = [{ created_by: "ENV A=1", empty_layer: true }, { created_by: "/bin/sh -c make   all" }];
    const config = blob(JSON.stringify({ config: { Env: env }, history, rootfs: layers }));
    const manifest = blob(JSON.stringify({ config, layers }));
    writeFileSync(join(own, "index.json"), JSON.stringify({ manifests: [manifest] }));
    return own;
  }

  it("are the same when every byte is", async () => {
    const files = { "app/main.js": { text: "1" } };
    const one = layout(files);
    const { isSame, differences } = await compareLayouts(one, one);
    assert.deepEqual({ isSame, differences }, { isSame: true, differences: [] });
  });

  it("differ in files, which are named with what differs about them", async () => {
    const one = layout({
      "app/id": { text: "one" },
      "app/mode": { text: "", mode: 0o600 },
      "app/time": { text: "", time: 1 },
      "app/gone": { text: "" },
      "app/same": { text: "same" },
    });
    const other = layout({
      "app/id": { text: "two" },
      "app/mode": { text: "", mode: 0o644 },
      "app/time": { text: "", time: 2 },
      "app/same": { text: "same" },
      "app/new": { text: "" },
    });
    const { isSame, differences } = await compareLayouts(one, other);
    assert.equal(isSame, false);
    assert.deepEqual(differences, [
      "layer 1 (RUN make all)",
      "  app/gone: only in the first build",
      "  app/id: content",
      "  app/mode: permissions",
      "  app/new: only in the second build",
      "  app/time: time",
    ]);
  });

  it("differ in their configuration", async () => {
    const files = { "app/main.js": { text: "1" } };
    const { differences } = await compareLayouts(layout(files, ["A=1"]), layout(files, ["A=2"]));
    assert.equal(differences[0], "configuration: config");
  });

  it("that differ everywhere are shown by their first files", async () => {
    const many = (text: string) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, { text }]));
    const { differences } = await compareLayouts(layout(many("1")), layout(many("2")));
    assert.equal(differences.length, 14);
    assert.equal(differences.at(-1), "  … and 18 more");
  });
});
