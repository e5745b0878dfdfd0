import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { repoRoot } from "../paths";
import { packageManifest, packageOf, type RootManifest } from "./manifest";

/** Where the package is built. */
export const PACKAGE_FOLDER = join(repoRoot(), "dist", "components");

/** Starts the provider of ComposeProject: Pulumi looks for a file of this name in the folder that Pulumi.yaml names. */
const PROVIDER = `#!/usr/bin/env node
"use strict";

require("./main.cjs")
  .main(process.argv.slice(2))
  .catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
`;

/** Builds the package `@longshore/components` into `dist/components`: JavaScript, types, the provider, `package.json`. */
export async function buildPackage(): Promise<string> {
  rmSync(PACKAGE_FOLDER, { recursive: true, force: true });
  const root = repoRoot();
  execFileSync(join(root, "node_modules", ".bin", "tsc"), ["--project", join(__dirname, "tsconfig.json")], {
    stdio: "inherit",
  });
  const ofProvider = await bundleProvider(root);
  const ofComponents = importsOf(PACKAGE_FOLDER);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as RootManifest;
  const imported = [...new Set([...ofComponents, ...ofProvider])].sort();
  const text = JSON.stringify(packageManifest(manifest, imported), undefined, 2);
  writeFileSync(join(PACKAGE_FOLDER, "package.json"), `${text}\n`);
  copyFileSync(join(root, "LICENSE"), join(PACKAGE_FOLDER, "LICENSE"));
  copyFileSync(join(__dirname, "README.md"), join(PACKAGE_FOLDER, "README.md"));
  return PACKAGE_FOLDER;
}

/** @returns the packages that the provider imports */
async function bundleProvider(root: string): Promise<string[]> {
  const folder = join(PACKAGE_FOLDER, "compose");
  mkdirSync(folder);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["providers/compose/main.ts"],
    outfile: join(folder, "main.cjs"),
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "cjs",
    metafile: true,
    logLevel: "error",
  });
  const starter = join(folder, "pulumi-resource-compose");
  writeFileSync(starter, PROVIDER);
  chmodSync(starter, 0o755);
  return Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports.filter(({ external }) => external === true))
    .flatMap(({ path }) => packageNamed(path));
}

/** The packages that the JavaScript and the types below a folder import. */
function importsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => ts.preProcessFile(readFileSync(join(folder, file), "utf8"), true, true).importedFiles)
    .flatMap(({ fileName }) => packageNamed(fileName));
}

function packageNamed(specifier: string): string[] {
  const name = builtinModules.includes(specifier) ? undefined : packageOf(specifier);
  return name === undefined ? [] : [name];
}

if (require.main === module) {
  buildPackage().then(
    (folder) => {
      process.stdout.write(`built ${folder}; npm pack ${folder} makes the tarball\n`);
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
