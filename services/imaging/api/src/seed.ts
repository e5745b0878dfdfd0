import { createHash, randomUUID } from "node:crypto";
import pg from "pg";
import { createLog, describe } from "./logs.ts";
import type { Store } from "./model.ts";
import { png, type Inside } from "./png.ts";
import { loadSettings, SettingsError } from "./settings.ts";
import { PostgresStore } from "./store.ts";

const [WIDTH, HEIGHT] = [640, 400];

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
    const picture = png(WIDTH, HEIGHT, inside);
    const id = randomUUID();
    await store.begin(id, name);
    await store.append(id, 0, picture);
    const sha256 = createHash("sha256").update(picture).digest("hex");
    await store.finish(id, { mediaType: "image/png", size: picture.length, sha256 });
  }
  return { added: missing.length, present: Object.keys(SAMPLES).length - missing.length };
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
