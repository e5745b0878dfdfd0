import { heldData, writeRecord } from "../../providers/compose/volume-data";
import { inspectContainers } from "../../providers/compose/containers";
import { startContainer } from "../../providers/compose/start-stop";
import { changeConfig } from "../config/draft";
import { containersOf, docker, openEngine, projectOf, removeAccess, type Engine } from "../compose/docker";
import { openConfig } from "../engine/open-config";
import { openTerminal } from "../support/terminal";
import type { Progress } from "../support/progress";
import { Copy } from "./copy";
import { removeUpgrade, writeUpgrade, type UpgradeRecord } from "./record";

/** Name of the Compose project with the temporary servers. */
export const copyProject = (project: string): string => `${project}-upgrade`;

/** Makes the data of `to` current. From the last step on, nothing starts on the data of `from`. */
export async function commit({ from, to, image }: UpgradeRecord): Promise<void> {
  await writeRecord(to.volume, { kind: "postgres", version: to.version }, image);
  await writeRecord(from.volume, { kind: "postgres", version: from.version, replacedBy: to.volume }, image);
}

/** Sets the major version in the stack file and finishes the record. The next deployment uses the new data. */
export async function finishSwitch(record: UpgradeRecord, progress: Progress): Promise<void> {
  const { stack, system, store, to } = record;
  const key = `longshore:${system}.datastores.${store}.version`;
  await changeConfig(await openConfig(stack, progress), (draft) => draft.setPlain([[key, to.version]]));
  writeUpgrade({ ...record, phase: "done" });
}

/**
 * Completes an interrupted upgrade if it has switched, otherwise rolls it back. Idempotent.
 * @returns whether the new data is current
 */
export async function settle(record: UpgradeRecord, progress: Progress): Promise<boolean> {
  const engine = await openEngine();
  Object.assign(process.env, engine.env);
  const { system, stack } = record;
  const project = projectOf(system, stack);
  await new Copy(engine, copyProject(project), "/tmp").remove();
  if (await isCommitted(record)) {
    await finishSwitch(record, progress);
    return true;
  }
  await rollBack(record, engine);
  return false;
}

/** Whether the data of `to` is current, as the record in the volume of `from` says. @throws UserError if it cannot be read */
export async function isCommitted({
  stack,
  system,
  phase,
  from,
  to,
  image,
}: UpgradeRecord): Promise<boolean> {
  const wanted = [{ volume: from.volume, kind: "postgres" }];
  const held = await heldData(projectOf(system, stack), wanted, [image]);
  return phase !== "copying" && held.get(from.volume)?.replacedBy === to.volume;
}

/** Makes the data of `from` current again and removes what an upgrade has copied. */
export async function rollBack(record: UpgradeRecord, engine: Engine): Promise<void> {
  const { stack, system, store, from, to, copies, image } = record;
  if (copies) {
    await removeVolume(engine, to.volume);
    removeUpgrade(record);
  } else {
    await writeRecord(to.volume, { kind: "postgres", version: to.version, replacedBy: from.volume }, image);
    writeUpgrade({ ...record, from: to, to: from, phase: "done" });
  }
  for (const one of await containersOf(engine, stack)) {
    if (one.system === system && one.service === store && one.state === "exited") {
      const [container] = await inspectContainers([one.id]);
      if (container?.volumes.some(({ name }) => name === from.volume) === true) {
        await startContainer(one.id);
      }
    }
  }
}

/** Removes a volume if it exists. */
export async function removeVolume(engine: Engine, name: string): Promise<void> {
  const listed = await docker(engine, ["volume", "ls", "--quiet", "--filter", `name=${name}`]);
  if (listed.split("\n").includes(name)) {
    await removeAccess(engine, [name]);
    await docker(engine, ["volume", "rm", name], { detached: true });
  }
}

/** Deploys one system as this checkout and the stack file describe it. @throws Failure */
export async function deploySystem(stack: string, system: string): Promise<void> {
  const { withOpenStack } = await import("../engine/with-open-stack.js");
  // The command reports the result and prints its own document for --json.
  const quiet = openTerminal({ json: true });
  await withOpenStack(
    { stack, system: [system] },
    quiet,
    async (opened, progress, { deploy, throwIfFailed }) => {
      const result = await deploy("up", opened, quiet, progress, { system: [system] });
      throwIfFailed("up", opened, result);
      await (await import("../engine/versions.js")).recordVersions(opened);
    },
  );
}
