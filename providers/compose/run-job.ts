import type { Container } from "./containers";
import { docker } from "./docker";
import { dependenciesOf, namedVolumes } from "./inputs";
import type { ProjectRunner } from "./project-runner";
import { DEFAULT_WAIT_SECONDS, untilCompleted } from "./wait";

/**
 * Runs a job to completion, unless its current definition has already completed on the current volumes. Always runs it
 * after a failed deployment, because the operator may have undone its work since then.
 */
export async function runJob(run: ProjectRunner, job: string): Promise<void> {
  const containers = await run.containers(job);
  const since = await newestVolume(run, job);
  const current = containers.filter((one) => run.isCurrent(one) && Date.parse(one.created) >= since);
  const last = current.at(-1);
  if (last && hasCompleted(last) && !run.runsAgain(job)) {
    await run.retire(containers.filter(({ id }) => id !== last.id));
    return;
  }
  const usable = last && (last.state === "created" || last.state === "running") ? last : undefined;
  await run.retire(containers.filter((one) => one !== usable));
  const container = usable ?? (await run.createBeside(job));
  run.log.status(`running ${job}`);
  if (container.state !== "running") {
    await run.start(container);
  }
  try {
    await untilCompleted(container.id, {
      seconds: timeout(run, job),
      signal: run.signal,
      onWait: (words) => {
        run.log.status(`running ${job} (${words})`);
      },
    });
  } catch (error) {
    const reported = await run.describeFailure(error);
    await run.stop([container]);
    throw reported;
  }
}

export function hasCompleted({ state, exitCode }: Container): boolean {
  return state === "exited" && exitCode === 0;
}

function timeout({ inputs }: ProjectRunner, job: string): number {
  const described = inputs.document.services[job]?.labels?.["longshore.timeout"];
  return Number(described ?? inputs.waitSeconds ?? DEFAULT_WAIT_SECONDS);
}

/**
 * Creation time of the newest volume that holds the job's result: the volumes of the job and of its direct and
 * transitive dependencies. A job that ran before that volume existed must run again, such as migrations after the
 * database's volume was removed.
 */
async function newestVolume({ inputs }: ProjectRunner, job: string): Promise<number> {
  const { document, project } = inputs;
  const visited = new Set<string>();
  const visit = (name: string): string[] => {
    const service = document.services[name];
    if (visited.has(name) || !service) {
      return [];
    }
    visited.add(name);
    return [...namedVolumes(service), ...dependenciesOf(service).flatMap(visit)];
  };
  const names = visit(job).map((key) => document.volumes?.[key]?.name ?? `${project}_${key}`);
  if (names.length === 0) {
    return 0;
  }
  const { stdout } = await docker(["volume", "inspect", "--format", "{{.CreatedAt}}", ...names]);
  return Math.max(
    ...stdout
      .trim()
      .split("\n")
      .map((time) => Date.parse(time)),
  );
}
