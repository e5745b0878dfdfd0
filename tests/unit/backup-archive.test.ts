import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "mocha";
import { archive, dumpsIn, prune, removeParts } from "../../cli/backup/archive";
import { requireDumpSpace } from "../../cli/backup/disk-space";
import { encrypt, openDump, verifyDump } from "../../cli/backup/encryption";

const NAME = "shop-db";
const PLAIN = { name: NAME, extension: "dump", encrypted: false };

describe("backup archive", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-archive-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (content: string, { plain = PLAIN, pauseMs = 0 } = {}) =>
    archive(folder, plain, (sink) =>
      sink(
        (async function* () {
          for (const character of content) {
            yield Buffer.from(character);
            await sleep(pauseMs);
          }
        })(),
      ),
    );
  const files = () => readdirSync(folder).sort();

  it("keeps the newest dumps whatever the clock says", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.date({ min: new Date(0), max: new Date(8e12), noInvalidDate: true }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.integer({ min: 1, max: 3 }),
        async (times, keep) => {
          const own = mkdtempSync(join(folder, "run-"));
          const made: string[] = [];
          for (const time of times) {
            const stamp = time.toISOString().replace(/[-:]|\.\d+/g, "");
            const { file } = await archive(own, PLAIN, (sink) => sink(Readable.from([Buffer.from("x")])));
            // As if the clock had shown that time.
            const renamed = file.replace(/\d{8}T\d{6}Z/, stamp);
            writeFileSync(join(own, renamed), readFileSync(join(own, file)));
            writeFileSync(join(own, `${renamed}.sha256`), readFileSync(join(own, `${file}.sha256`)));
            if (renamed !== file) {
              rmSync(join(own, file));
              rmSync(join(own, `${file}.sha256`));
            }
            made.push(renamed);
            await prune(own, NAME, keep);
          }
          const left = (await dumpsIn(own, NAME)).map(({ file }) => file);
          assert.deepEqual(left, made.slice(-keep));
          assert.equal(readdirSync(own).length, 2 * left.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("gives two dumps at once names and contents of their own", async () => {
    const contents = ["aaaaaaaa", "bbbbbbbb", "cccccccc"];
    const made = await Promise.all(contents.map((content) => write(content, { pauseMs: 2 })));
    assert.equal(new Set(made.map(({ sequence }) => sequence)).size, 3);
    made.forEach(({ file }, index) => {
      assert.equal(readFileSync(join(folder, file), "utf8"), contents[index]);
    });
    assert.equal(files().length, 6);
  });

  it("gives no two concurrent writers the same sequence number, and only higher ones than before", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        async (pauses, older) => {
          const own = mkdtempSync(join(folder, "claims-"));
          older.forEach((number) => {
            writeFileSync(join(own, `${NAME}-00000${number}-20200101T000000Z.dump`), "x");
          });
          const last = Math.max(0, ...older);
          const made = await Promise.all(
            pauses.map(async (pauseMs) => {
              await sleep(pauseMs);
              // Encrypted and plain dumps have different endings, and still one sequence.
              return archive(own, { ...PLAIN, encrypted: pauseMs % 2 === 0 }, (sink) =>
                sink(Readable.from([Buffer.from("x")])),
              );
            }),
          );
          const numbers = made.map(({ sequence }) => sequence);
          assert.equal(new Set(numbers).size, numbers.length, String(numbers));
          assert.ok(Math.min(...numbers) > last, String(numbers));
          assert.deepEqual(
            readdirSync(own).filter((file) => file.startsWith(".")),
            [],
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("leaves nothing of a dump that fails, and says when there is no room", async () => {
    const failing = (error: Error) =>
      archive(folder, PLAIN, async (sink) => {
        await sink(Readable.from([Buffer.from("half")]));
        throw error;
      });
    await assert.rejects(failing(new Error("pg_dump ended with 1")), /pg_dump ended with 1/);
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    await assert.rejects(failing(full), /no space left; nothing of this dump was kept\nfix: free space/);
    assert.deepEqual(files(), []);
  });

  it("removes the part of a killed writer, and none that is being written or was just created", async () => {
    ["killed", "created"].forEach((name) => {
      writeFileSync(join(folder, `.part-${name}`), "half");
    });
    const before = Date.now() / 1000 - 60;
    utimesSync(join(folder, ".part-killed"), before, before);
    await archive(folder, PLAIN, async (sink) => {
      await sink(Readable.from([Buffer.from("whole")]));
      const own = files().filter((file) => !/created|killed/.test(file));
      own.forEach((file) => {
        utimesSync(join(folder, file), before, before);
      });
      await removeParts(folder);
      assert.deepEqual(files(), [...own, ".part-created"].sort());
    });
  });

  it("keeps its part from other commands until the part has its name, also while it is read back", async () => {
    const before = Date.now() / 1000 - 60;
    let isDone = false;
    const others = async () => {
      while (!isDone) {
        for (const file of files().filter((one) => one.startsWith(".part-"))) {
          // The part may have got its name meanwhile.
          await utimes(join(folder, file), before, before).catch(() => undefined);
        }
        await removeParts(folder);
      }
    };
    const made = archive(folder, PLAIN, (sink) => sink(Readable.from([Buffer.alloc(32 * 2 ** 20, "row ")])));
    const [{ file }] = await Promise.all([made.finally(() => (isDone = true)), others()]);
    assert.deepEqual(files(), [file, `${file}.sha256`]);
  });

  it("makes files that only their owner reads", async () => {
    const { file } = await write("x");
    for (const one of [file, `${file}.sha256`]) {
      assert.equal(statSync(join(folder, one)).mode & 0o777, 0o600);
    }
  });

  it("lists neither unfinished files nor the dumps of a datastore whose name begins alike", async () => {
    await write("x");
    await write("x", { plain: { ...PLAIN, name: `${NAME}-2` } });
    ["shop-db-20261121T020000Z.dump", ".part-1.dump", "shop-db-notes.txt"].forEach((file) => {
      writeFileSync(join(folder, file), "x");
    });
    const found = (await dumpsIn(folder, NAME)).map(({ file }) => file);
    // A dump without a sequence number predates them, so it is the oldest.
    assert.equal(found.length, 2);
    assert.equal(found[0], "shop-db-20261121T020000Z.dump");
  });

  describe("encryption", () => {
    const age = () => import("age-encryption");
    const generateIdentity = async () => (await age()).generateIdentity();
    const identityToRecipient = async (identity: string) => (await age()).identityToRecipient(identity);
    const content = Buffer.alloc(300_000, "row ");
    const make = async (recipients: readonly string[]) =>
      archive(folder, { ...PLAIN, encrypted: true }, async (sink) =>
        sink(
          await encrypt(Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]), recipients),
        ),
      );
    const read = async (file: string, identity: string) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await openDump(folder, file, identity)) {
        chunks.push(chunk as Uint8Array);
      }
      return Buffer.concat(chunks);
    };

    it("gives the dump to each of its recipients and to no other key", async () => {
      const [first, second, other] = await Promise.all([
        generateIdentity(),
        generateIdentity(),
        generateIdentity(),
      ]);
      const { file } = await make([await identityToRecipient(first), await identityToRecipient(second)]);
      assert.match(file, /\.dump\.age$/);
      assert.ok(!readFileSync(join(folder, file)).includes("row row"));
      assert.ok((await read(file, first)).equals(content));
      assert.ok((await read(file, second)).equals(content));
      await assert.rejects(read(file, other), /is for another key\nfix: .*--identity/);
      await assert.rejects(openDump(folder, file, undefined), /is encrypted, and no private key is set/);
      await assert.rejects(read(file, "AGE-SECRET-KEY-1XXXX"), (error: Error) => !/XXXX/.test(error.message));
    });

    it("refuses a dump that is cut or changed, with and without its checksum", async () => {
      const identity = await generateIdentity();
      const { file } = await make([await identityToRecipient(identity)]);
      const path = join(folder, file);
      await verifyDump(folder, file, identity);
      const whole = readFileSync(path);
      truncateSync(path, Math.floor(whole.length * 0.6));
      await assert.rejects(
        verifyDump(folder, file, identity),
        /expected the checksum in .*damaged or incomplete/,
      );
      rmSync(`${path}.sha256`);
      await assert.rejects(verifyDump(folder, file, identity), /cannot be read to its end/);
      whole[200_000] = (whole[200_000] ?? 0) ^ 1;
      writeFileSync(path, whole);
      await assert.rejects(verifyDump(folder, file, identity), /cannot be read to its end/);
    });
  });
});

describe("Space for a dump", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-dump-space-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is required for as much as the last dump before anything is written", async () => {
    await requireDumpSpace(folder, "todo-db");
    const last = join(folder, "todo-db-000001-20261130T170716Z.dump");
    writeFileSync(last, "");
    await requireDumpSpace(folder, "todo-db");
    // A sparse file that is larger than the disk.
    truncateSync(last, 8 * 1024 ** 4);
    await assert.rejects(
      requireDumpSpace(folder, "todo-db"),
      /expected at least 8192\.0 GiB free for a dump as large as the last one, got .* GiB; fix: free space there, keep fewer dumps \(--keep\), or choose another folder \(--to\)\nearlier dumps are unchanged$/,
    );
  });
});
