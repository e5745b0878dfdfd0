import { join } from "node:path";
import { buildWithGo, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir } from "./paths";
import { isExecutable, run, which, withLock, type Logger } from "./process";
import { formatVersion, parseVersion, type Version } from "./version";

/** The version in tools/vale/go.mod. */
const PINNED: Version = [3, 16, 0];

const cached = (): string => join(cacheDir(), "vale", formatVersion(PINNED), "bin", "vale");

/** The pinned Vale on the PATH or in the cache; undefined when neither has it. */
export async function surveyVale(): Promise<string | undefined> {
  const onPath = await which(["vale"]);
  const version = onPath && parseVersion((await run(onPath, ["--version"])).stdout);
  if (version && formatVersion(version) === formatVersion(PINNED)) {
    return onPath;
  }
  return (await isExecutable(cached())) ? cached() : undefined;
}

/**
 * Finds Vale, the prose linter, on the PATH or in the cache, or builds it from its Go modules, which takes about three
 * minutes.
 * @throws MissingTool with one line that names what to install
 */
export async function findVale(say: Logger): Promise<string> {
  return withLock(`${cached()}.lock`, say, async () => {
    const found = await surveyVale();
    if (found !== undefined) {
      return found;
    }
    const version = formatVersion(PINNED);
    const compiler = await which(["gcc", "clang"]);
    const problem = (await missingGo()) ?? (compiler === undefined ? "there is no C compiler" : undefined);
    if (problem !== undefined) {
      throw new MissingTool(
        `Vale ${version} is not on the PATH and cannot be built (${problem}): install Vale, or Go and gcc`,
      );
    }
    say(`building Vale ${version} from its Go modules (about three minutes)`);
    await buildWithGo({
      modules: "vale",
      target: "github.com/errata-ai/vale/v3/cmd/vale",
      version: ["main.version", version],
      output: cached(),
      cgo: true,
    });
    return cached();
  });
}
