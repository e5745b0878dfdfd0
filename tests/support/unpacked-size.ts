import { join } from "node:path";
import type { Docker } from "../../tools/docker";
import { repoRoot } from "../../tools/paths";
import { lastLine, run } from "../../tools/process";

/** Unpacked size of an image in bytes, as `docker image inspect` reports it with an overlay2 store. */
export async function unpackedSize(image: string, docker?: Pick<Docker, "env">): Promise<number> {
  const script = join(repoRoot(), "lab", "image-size.sh");
  const { code, stdout, stderr } = await run("bash", [script, image], {
    env: { ...process.env, ...docker?.env },
    timeoutMs: 300_000,
  });
  if (code !== 0) {
    throw new Error(`${image}: cannot measure its size: ${lastLine(stderr)}`);
  }
  return Number(stdout.trim());
}
