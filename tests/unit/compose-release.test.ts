import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDocuments } from "../../cli/documents/write";
import { openTerminal } from "../../cli/support/terminal";
import { canWriteLive } from "../../providers/compose/digests";
import { DEFAULTS, type ProjectInputs } from "../../providers/compose/inputs";
import { projectFolder } from "../../providers/compose/project-folder";
import { draftRelease, type Release } from "../../providers/compose/release";
import { writeSecrets } from "../../providers/compose/secrets";

const isRoot = process.getuid?.() === 0;

const inputs = (secret = "first-value"): ProjectInputs => ({
  ...DEFAULTS,
  project: "p",
  document: {
    services: { a: { image: "a:1", configs: ["c"], secrets: ["t"] } },
    configs: { c: { file: "./config/a/etc/c.conf" } },
    secrets: { t: { file: "./secrets/a/t" } },
  },
  files: { "config/a/etc/c.conf": "c = 1\n" },
  secretFiles: isRoot ? { "secrets/a/t": { content: secret, user: 1000, live: true } } : {},
});

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe("The files that containers mount", () => {
  let folder: string;
  let before: string | undefined;
  let umask: number;
  const make = (of = inputs()): Promise<Release> => draftRelease(of).finish(undefined);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-release-"));
    before = process.env["XDG_DATA_HOME"];
    process.env["XDG_DATA_HOME"] = folder;
    umask = process.umask(0o022);
  });
  afterEach(() => {
    process.umask(umask);
    delete process.env["XDG_DATA_HOME"];
    Object.assign(process.env, before !== undefined && { XDG_DATA_HOME: before });
    rmSync(folder, { recursive: true, force: true });
  });

  for (const mask of [0o022, 0o027, 0o077]) {
    describe(`under umask ${mask.toString(8).padStart(3, "0")}`, () => {
      beforeEach(() => {
        process.umask(mask);
      });

      it("can be read by the users of the containers, below folders that only their owner may enter", async () => {
        const release = await make();
        assert.equal(modeOf(join(release.folder, "config/a/etc/c.conf")), "444");
        assert.equal(modeOf(release.file), "600");
        for (const path of ["", "config", "config/a", "config/a/etc", ".."]) {
          assert.equal(modeOf(join(release.folder, path)), "700", path);
        }
        if (isRoot) {
          assert.equal(modeOf(join(release.folder, "secrets/a/t")), "400");
          assert.equal(statSync(join(release.folder, "secrets/a/t")).uid, 1000);
        }
      });

      it("can be read in the folder that `render` writes", () => {
        const terminal = { ...openTerminal(), out: () => undefined, note: () => undefined };
        writeDocuments([{ path: "config/a/c.conf", content: "x" }], join(folder, "out"), terminal);
        assert.equal(modeOf(join(folder, "out/config/a/c.conf")), "644");
      });

      it("are those of secrets for their user alone", async function () {
        if (!isRoot) {
          this.skip();
        }
        await writeSecrets(
          join(folder, "own"),
          { "secrets/a/t": { content: "x", user: 999 } },
          undefined,
          true,
        );
        const file = join(folder, "own/secrets/a/t");
        assert.deepEqual([statSync(file).uid, modeOf(file)], [999, "400"]);
      });
    });
  }

  it("are used again when they are complete", async () => {
    const first = await make();
    const { ino } = statSync(first.file);
    const second = await make();
    assert.deepEqual(second, first);
    assert.equal(statSync(second.file).ino, ino);
    assert.deepEqual(readdirSync(join(first.folder, "..")), [first.name]);
  });

  const damages: Readonly<Record<string, (release: Release) => void>> = {
    "without the marker": ({ folder: own }) => {
      rmSync(join(own, ".complete"));
    },
    "without a file": ({ folder: own }) => {
      rmSync(join(own, "config/a/etc/c.conf"));
    },
    "with a truncated document": ({ file }) => {
      truncateSync(file, 3);
    },
    "with a file that its container cannot read": ({ folder: own }) => {
      chmodSync(join(own, "config/a/etc/c.conf"), 0o400);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`are written again when a release is ${what}`, async () => {
      const release = await make();
      damage(release);
      const again = await make();
      assert.deepEqual(again, release);
      assert.equal(readFileSync(join(again.folder, "config/a/etc/c.conf"), "utf8"), "c = 1\n");
      assert.equal(modeOf(join(again.folder, "config/a/etc/c.conf")), "444");
      assert.match(readFileSync(again.file, "utf8"), /^services:/);
      assert.ok(existsSync(join(again.folder, ".complete")));
      assert.deepEqual(readdirSync(join(release.folder, "..")), [release.name]);
    });
  }

  it("have the content of a live file, in the file that a container may mount, when they are used or built again", async function () {
    if (!canWriteLive()) {
      this.skip();
    }
    const release = await make();
    const file = join(release.folder, "secrets/a/t");
    const { ino } = statSync(file);
    writeFileSync(file, "of-a-later-rotation");
    await make();
    assert.equal(readFileSync(file, "utf8"), "first-value");
    writeFileSync(file, "of-a-later-rotation");
    rmSync(join(release.folder, ".complete"));
    await make();
    assert.equal(readFileSync(file, "utf8"), "first-value");
    assert.deepEqual([statSync(file).ino, modeOf(file), statSync(file).uid], [ino, "400", 1000]);
  });

  it("have a new key where a crash left an empty one, and say so", () => {
    const key = join(projectFolder("p"), "release.key");
    const first = draftRelease(inputs());
    assert.equal(first.warning, undefined);
    first.discard();
    truncateSync(key, 0);
    const second = draftRelease(inputs());
    assert.match(second.warning ?? "", /release\.key: expected 32 bytes, got 0; a new key was written/);
    second.discard();
    assert.deepEqual([readFileSync(key).length, modeOf(key)], [32, "600"]);
  });

  it("of a draft that was killed do not count as a release", async () => {
    draftRelease(inputs());
    const release = await make();
    assert.deepEqual(
      readdirSync(join(release.folder, "..")).filter((name) => !name.startsWith(".")),
      [release.name],
    );
  });
});
