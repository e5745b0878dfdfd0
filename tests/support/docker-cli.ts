import { join } from "node:path";
import { parseEnvironment } from "../../lab";
import { MissingTool } from "../../tools/missing";
import { repoRoot } from "../../tools/paths";
import { lastLine, run } from "../../tools/process";
import { limit } from "./wait";

const lab = join(repoRoot(), "lab");

/**
 * Makes this process use `docker compose` and `docker buildx` without a daemon, from the machine or from the lab,
 * which unpacks them in half a minute. Builds nothing.
 * @throws MissingTool if neither is available
 */
export async function useDockerCli(): Promise<void> {
  if (await isThere()) {
    return;
  }
  const { stdout } = await run("bash", [join(lab, "lab.sh"), "env"]);
  Object.assign(process.env, parseEnvironment(stdout));
  if (await isThere()) {
    return;
  }
  const { code, stderr } = await run("bash", [join(lab, "engine.sh"), "up"], { timeoutMs: limit(600_000) });
  if (code !== 0) {
    throw new MissingTool(lastLine(stderr));
  }
}

async function isThere(): Promise<boolean> {
  const found = await Promise.all(["compose", "buildx"].map((plugin) => run("docker", [plugin, "version"])));
  return found.every(({ code }) => code === 0);
}
