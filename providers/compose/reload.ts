import { inspectContainers, type Container } from "./containers";
import { docker } from "./docker";
import { UserError } from "./errors";
import { writeLiveFiles } from "./live-files";
import type { ProjectRunner } from "./project-runner";

const RELOAD_LABEL = "longshore.reload";

/** Writes new contents of live secret files into running containers, and signals the services that require it. */
export async function reloadLiveFiles(
  run: ProjectRunner,
  service: string,
  containers: readonly Container[],
): Promise<void> {
  const signal = run.inputs.document.services[service]?.labels?.[RELOAD_LABEL];
  for (const container of containers) {
    const { hasLiveFiles, isChanged } = writeLiveFiles(run.inputs, run.release, container);
    // A killed deployment may have written the file without sending the signal.
    const mustTell = hasLiveFiles && (isChanged || run.runsAgain(service));
    if (signal !== undefined && container.state === "running" && mustTell) {
      run.log.status(`${service}: reading its files again`);
      await docker(["kill", "--signal", signal, container.id]);
      await requireRunning(container);
    }
  }
}

async function requireRunning({ id, service }: Container): Promise<void> {
  const [now] = await inspectContainers([id]);
  if (now?.state !== "running") {
    throw new UserError(`${service} exited when it was told to read its files again; run the command again`);
  }
}
