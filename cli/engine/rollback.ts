import { run } from "../../tools/process";
import { containersOf } from "../compose/docker";
import type { RollbackOptions } from "../commands/rollback";
import { EXIT, Failure, usage } from "../support/failure";
import { choose, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { withStack } from "./actions";
import type { OpenStack } from "./stack";
import { imagesBefore, readVersions, runningVersions, withRunning, writeVersions } from "./versions";

/** Runs `longshore rollback`. */
export async function rollback(options: RollbackOptions): Promise<void> {
  const settings = loadSettings(options.stack);
  choose(options.stack, settings.systems, options.system);
  if (settings.target !== "compose") {
    await (await import("./cluster-rollback.js")).rollbackCluster(options);
    return;
  }
  const [system, ...others] = options.system;
  if (system === undefined || others.length > 0) {
    throw usage(
      `on this machine one system at a time goes back: --system ${settings.systems.join(", --system ")}`,
    );
  }
  await rollbackImages(system, options);
}

/** Deploys the previous images, with the same engine and state as `up`. */
async function rollbackImages(system: string, { stack, json = false }: RollbackOptions): Promise<void> {
  const versions = readVersions(stack)[system] ?? [];
  const target = imagesBefore(versions);
  if (!target) {
    throw usage(
      `${system}: there is no version to roll back to; each successful \`up\` with other images makes one`,
    );
  }
  const terminal = openTerminal({ json });
  await withStack({ stack, system: [system] }, terminal, async (opened, progress, { deploy, conclude }) => {
    await requireImages(opened, system, Object.values(target.images));
    progress.line(`back to what ran since ${target.since}; the database's schema stays as it is`);
    const result = await deploy("up", opened, terminal, progress, {
      system: [system],
      images: { [system]: target.images },
    });
    if (result.status === "ok") {
      writeVersions(stack, { ...readVersions(stack), [system]: versions.slice(0, -1) });
    }
    conclude("up", opened, result, terminal);
  });
}

/** Records the running versions after an `up`, for the next rollback. */
export async function recordVersions(opened: OpenStack): Promise<void> {
  const containers = await containersOf({ env: environmentWith(opened.env) }, opened.stack);
  const running = runningVersions(containers, new Date().toISOString());
  writeVersions(opened.stack, withRunning(readVersions(opened.stack), running));
}

/** @throws Failure that names an image that no longer exists */
async function requireImages(
  { env }: OpenStack,
  system: string,
  references: readonly string[],
): Promise<void> {
  for (const reference of references) {
    const { code } = await run("docker", ["image", "inspect", reference], { env: environmentWith(env) });
    if (code !== 0) {
      throw new Failure(
        `${system}: the image ${reference} of the previous version is not on this machine any more; ` +
          "check its commit out and run: bin/longshore up",
        EXIT.failed,
      );
    }
  }
}
