import { createHash, randomUUID } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";
import pg from "pg";
import { createLog, describe } from "./logs.ts";
import type { Store } from "./model.ts";
import { loadSettings, SettingsError } from "./settings.ts";
import { PostgresStore } from "./store.ts";

const [WIDTH, HEIGHT] = [640, 400];
type Inside = (x: number, y: number) => boolean;

/** Subjects on paper. The service finds out about their negative space as about any other picture's. */
const SAMPLES: Readonly<Record<string, Inside>> = {
  "sample: moon.png": (x, y) => Math.hypot(x - 470, y - 150) < 90,
  "sample: ring.png": (x, y) => Math.abs(Math.hypot(x - 320, y - 200) - 120) < 30,
  "sample: vase or faces.png": (x, y) => Math.abs(x - 320) < 60 + 70 * Math.cos(y / 28) ** 2,
};

/** Adds what is missing: running it again adds nothing twice. */
export async function seed(store: Store): Promise<{ added: number; present: number }> {
  const present = new Set((await store.list(100)).map(({ name }) => name));
  const missing = Object.entries(SAMPLES).filter(([name]) => !present.has(name));
  for (const [name, inside] of missing) {
    const picture = png(inside);
    const id = randomUUID();
    await store.begin(id, name);
    await store.append(id, 0, picture);
    const sha256 = createHash("sha256").update(picture).digest("hex");
    await store.finish(id, { mediaType: "image/png", size: picture.length, sha256 });
  }
  return { added: missing.length, present: Object.keys(SAMPLES).length - missing.length };
}

function png(inside: Inside): Buffer {
  const rows = Buffer.alloc((WIDTH + 1) * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      rows[y * (WIDTH + 1) + 1 + x] = inside(x, y) ? 40 : 238;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits of grey.
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND")]);
}

function chunk(kind: string, data = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const settings = loadSettings();
    const store = new PostgresStore(new pg.Pool({ connectionString: settings.DATABASE_URL, max: 1 }));
    const { added, present } = await seed(store);
    await store.close();
    createLog(settings.LOG_LEVEL).info({ added, present }, "seeded");
  } catch (error) {
    process.stderr.write(`seed: ${error instanceof SettingsError ? error.message : describe(error)}\n`);
    process.exitCode = 1;
  }
}
