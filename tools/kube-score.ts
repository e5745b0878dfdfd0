import { join } from "node:path";
import { buildWithGo, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir } from "./paths";
import { isExecutable, run, which, withLock, type Logger } from "./process";
import { formatVersion, parseVersion, type Version } from "./version";

/** The version in tools/kube-score/go.mod. Other versions have other checks. */
const PINNED: Version = [1, 20, 0];

const own = (): string => join(cacheDir(), "kube-score", formatVersion(PINNED), "bin", "kube-score");

/** Finds the pinned kube-score on the PATH or in the cache. */
export async function surveyKubeScore(): Promise<string | undefined> {
  const onPath = await which(["kube-score"]);
  const version = onPath && parseVersion((await run(onPath, ["version"])).stdout);
  if (version && formatVersion(version) === formatVersion(PINNED)) {
    return onPath;
  }
  return (await isExecutable(own())) ? own() : undefined;
}

/**
 * Finds kube-score, which checks Kubernetes documents in tests, on the PATH or in the cache, or builds it from its Go
 * modules, which takes a minute.
 * @throws MissingTool with one line that names what to install
 */
export async function findKubeScore(say: Logger): Promise<string> {
  return withLock(`${own()}.lock`, say, async () => {
    const found = await surveyKubeScore();
    if (found !== undefined) {
      return found;
    }
    const version = formatVersion(PINNED);
    const problem = await missingGo();
    if (problem !== undefined) {
      throw new MissingTool(
        `there is no kube-score ${version} on the PATH, and it cannot be built (${problem}): install either`,
      );
    }
    say(`building kube-score ${version} from its Go modules (a minute)`);
    await buildWithGo({
      modules: "kube-score",
      target: "github.com/zegl/kube-score/cmd/kube-score",
      version: ["main.version", version],
      output: own(),
    });
    return own();
  });
}
