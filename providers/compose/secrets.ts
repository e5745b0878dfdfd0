import { chmodSync, chownSync } from "node:fs";
import { dirname, join } from "node:path";
import { docker } from "./docker";
import { makePrivateFolder, writeNewFile } from "./durable-files";
import type { ProjectInputs } from "./inputs";
import { tar } from "./tar";

type SecretFiles = ProjectInputs["secretFiles"];

/**
 * Writes the secret files below a folder. Only the container's user can read each file (mode 0400), and only this user
 * can enter the folders. Without root, the Docker daemon changes the owner; it also knows the host's id of a container
 * user (rootless Docker maps ids).
 *
 * @param image any present image, for a container that is never started
 */
export async function writeSecrets(
  folder: string,
  files: SecretFiles,
  image: string | undefined,
  isRoot: boolean = process.getuid?.() === 0,
): Promise<void> {
  for (const [path, file] of Object.entries(files)) {
    const target = join(folder, path);
    makePrivateFolder(dirname(target));
    if (isRoot) {
      writeNewFile(target, file.content, 0o600);
      chownSync(target, file.user, file.user);
      chmodSync(target, 0o400);
    }
  }
  if (!isRoot && Object.keys(files).length > 0) {
    await writeThroughDaemon(folder, files, image);
  }
}

/**
 * Writes files through the daemon, which unpacks an archive into a folder that is mounted into a container. The
 * contents travel through a pipe.
 */
async function writeThroughDaemon(
  folder: string,
  files: SecretFiles,
  image: string | undefined,
): Promise<void> {
  if (image === undefined) {
    throw new Error("internal: no image is present to write secret files with");
  }
  const archive = tar(
    Object.entries(files).map(([path, { content, user }]) => ({ path, content, user, mode: 0o400 })),
  );
  const mount = `type=bind,source=${folder},target=/release`;
  const created = await docker([
    "create",
    "--network",
    "none",
    "--mount",
    mount,
    "--entrypoint",
    "/none",
    image,
  ]);
  const container = created.stdout.trim();
  try {
    await docker(["cp", "-", `${container}:/release`], { input: archive });
  } finally {
    await docker(["rm", "--force", "--volumes", container]);
  }
}
