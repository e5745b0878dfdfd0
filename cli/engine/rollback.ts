import { run } from "../../tools/process";
import { containersOf } from "../compose/docker";
import type { RollbackOptions } from "../rollback";
import { EXIT, Failure, usage } from "../support/failure";
import { definitionOf, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { withStack } from "./actions";
import type { OpenStack } from "./stack";
import { imagesBefore, readVersions, runningVersions, withRunning, writeVersions } from "./versions";

/** `longshore rollback`: the images before the running ones, through the same engine and state as `up`. */
export async function rollback({ stack, system, json = false }: RollbackOptions): Promise<void> {
  const settings = loadSettings(stack);
  if (!settings.systems.includes(system)) {
    throw usage(`stack ${stack} runs no system ${system}; it runs ${settings.systems.join(", ")}`);
  }
  if (settings.target !== "compose") {
    throw usage(onCluster(stack, system));
  }
  const versions = readVersions(stack)[system] ?? [];
  const target = imagesBefore(versions);
  if (!target) {
    throw usage(
      `${system}: there is no version to go back to; each successful \`up\` with other images makes one`,
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

/** Notes what runs after an `up`, for the next rollback. */
export async function recordVersions(opened: OpenStack): Promise<void> {
  const containers = await containersOf({ env: environmentWith(opened.env) }, opened.stack);
  const running = runningVersions(containers, new Date().toISOString());
  writeVersions(opened.stack, withRunning(readVersions(opened.stack), running));
}

/** @throws Failure that names an image that was removed meanwhile */
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

/** On a cluster the platform remembers: its own word stops the damage, the commit before mends the state too. */
function onCluster(stack: string, system: string): string {
  const undo = definitionOf(system).services.map(
    ({ name }) => `  kubectl --namespace ${system} rollout undo deployment/${name}`,
  );
  return [
    `stack ${stack} runs on a cluster, which keeps its own earlier versions. At once, for services that fail:`,
    ...undo,
    "Then deploy the version before, so that state and cluster agree again:",
    `  git checkout COMMIT && bin/longshore up --stack ${stack} --system ${system}`,
  ].join("\n");
}
