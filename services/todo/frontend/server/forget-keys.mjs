// Next.js writes random keys into every build, for draft mode and for server actions. In an image they would be readable by
// everyone with pull access, and would make builds irreproducible. `start.mjs` generates them at each start.
// Usage: node forget-keys.mjs FOLDER, the standalone server's
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PREVIEW_PROPS } from "./keys.mjs";

const [folder = ""] = process.argv.slice(2);
const output = join(folder, ".next");
/** @type {(name: string) => any} */
const read = (name) => JSON.parse(readFileSync(join(output, name), "utf8"));

const previewProps = read("server/preview-props.json");
const { encryptionKey } = read("server/server-reference-manifest.json");
const keys = [...Object.values(previewProps), encryptionKey];
if (keys.length !== 4 || keys.some((key) => typeof key !== "string" || key.length < 32)) {
  throw new Error(`expected 4 keys in the output of this version of Next.js, found ${keys.length}: ${folder}`);
}

rmSync(join(output, "server/preview-props.json"));
symlinkSync(PREVIEW_PROPS, join(output, "server/preview-props.json"));
const { preview: _, ...prerendered } = read("prerender-manifest.json");
writeFileSync(join(output, "prerender-manifest.json"), JSON.stringify(prerendered));
for (const name of ["server/server-reference-manifest.json", "server/server-reference-manifest.js"]) {
  const text = readFileSync(join(output, name), "utf8");
  writeFileSync(join(output, name), text.replace(encryptionKey, ""));
}

// A version of Next.js that writes them elsewhere too ends the build here.
for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) {
    const file = join(entry.parentPath, entry.name);
    const content = readFileSync(file, "latin1");
    if (keys.some((key) => content.includes(key))) {
      throw new Error(`${file} has a key of this build in it: forget-keys.mjs does not know that file`);
    }
  }
}
