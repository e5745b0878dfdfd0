// Loads a TypeScript entry of this repository: esbuild bundles our own sources (packages stay external)
// in about 50 ms, and the bundle is kept while none of its inputs has changed. So there is no build step
// that could be forgotten, and no stale build. Types are checked by `npm run typecheck`.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
// By root, because checkouts can share node_modules through a link, and a bundle knows its root.
const checkout = crypto.createHash("sha256").update(root).digest("hex").slice(0, 8);
const cache = path.join(root, "node_modules", ".cache", "longshore", checkout);

/** Loads the entry (a path below the repository's root) and returns its exports. */
function load(entry) {
  const name = path.relative(root, path.resolve(root, entry)).replace(/[\\/]/g, "-").replace(/\.ts$/, "");
  const bundle = path.join(cache, `${name}.cjs`);
  if (!isFresh(bundle)) {
    build(path.resolve(root, entry), bundle);
  }
  process.setSourceMapsEnabled(true);
  return require(bundle);
}

/** Fresh: every input has the identity (time, size, inode) that it had when it was bundled. */
function isFresh(bundle) {
  try {
    const inputs = JSON.parse(fs.readFileSync(`${bundle}.inputs.json`, "utf8"));
    return fs.existsSync(bundle) && Object.entries(inputs).every(([file, seen]) => identity(file) === seen);
  } catch {
    return false;
  }
}

function identity(file) {
  const { mtimeNs, size, ino } = fs.statSync(path.resolve(root, file), { bigint: true });
  return `${mtimeNs}-${size}-${ino}`;
}

function build(entry, bundle) {
  fs.mkdirSync(cache, { recursive: true });
  const { metafile, outputFiles } = require("esbuild").buildSync({
    entryPoints: [entry],
    // Its real place, also where node_modules is a link: the source map's paths are relative to it.
    outfile: path.join(fs.realpathSync(cache), path.basename(bundle)),
    absWorkingDir: root,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "cjs",
    sourcemap: "inline",
    // import.meta is empty in CommonJS; __dirname would be the cache's. Code asks for the root instead.
    define: { "process.env.LONGSHORE_ROOT": JSON.stringify(root) },
    metafile: true,
    write: false,
    // What is wrong is in the error that is thrown; userErrorIn says it.
    logLevel: "silent",
  });
  const inputs = Object.fromEntries(
    [...Object.keys(metafile.inputs), "bin/load.cjs", "package-lock.json"].map((file) => [
      file,
      identity(file),
    ]),
  );
  writeAtomically(bundle, outputFiles[0].contents);
  writeAtomically(`${bundle}.inputs.json`, JSON.stringify(inputs));
}

/** Two commands that start at once never read half a file. */
function writeAtomically(file, contents) {
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, contents);
  fs.renameSync(temporary, file);
}

/** What a person did wrong in a source file, when it is that: see tools/user-errors.ts. */
function userErrorIn(error) {
  try {
    return load("tools/user-errors.ts").userErrorIn(error);
  } catch {
    return undefined;
  }
}

module.exports = { load, userErrorIn, root };
