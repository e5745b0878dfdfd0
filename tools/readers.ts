import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildWithGo, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir, repoRoot } from "./paths";
import { isExecutable, withLock, type Logger } from "./process";

/** Hash of the sources, so that an edited program is built again. */
function revision(): string {
  const hash = createHash("sha256");
  for (const name of ["main.go", "go.mod", "go.sum"]) {
    hash.update(readFileSync(join(repoRoot(), "tools", "readers", name)));
  }
  return hash.digest("hex").slice(0, 12);
}

/**
 * Finds the program in `tools/readers` for property tests, with go-yaml and BuildKit's context filter, in the cache or
 * builds it with Go (10 s).
 * @throws MissingTool with one line that names what to install
 */
export async function findReaders(say: Logger): Promise<string> {
  const version = revision();
  const output = join(cacheDir(), "readers", version, "readers");
  return withLock(`${output}.lock`, say, async () => {
    if (await isExecutable(output)) {
      return output;
    }
    const problem = await missingGo();
    if (problem !== undefined) {
      throw new MissingTool(`tools/readers cannot be built (${problem}): install Go`);
    }
    say("building tools/readers from its Go modules (10 s)");
    await buildWithGo({ modules: "readers", target: ".", version: ["main.version", version], output });
    return output;
  });
}
