import { nearest } from "../../base/nearest";
import type { Plan } from "../../catalog/plan";
import { usage } from "../support/failure";

/** Variables that tell the Compose provider which jobs to rerun. @throws Failure if a name is not a job */
export function rerunEnvironment(rerun: readonly string[], plans: readonly Plan[]): Record<string, string> {
  const jobs = plans.flatMap(({ workloads }) => workloads.filter(({ kind }) => kind === "job"));
  const known = [...new Set(jobs.map(({ name }) => name))].sort();
  const unknown = rerun.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, known);
    throw usage(
      `there is no job ${unknown}; ${close ? `did you mean ${close}?` : `jobs: ${known.join(", ")}`}`,
    );
  }
  return rerun.length > 0 ? { LONGSHORE_RERUN_JOBS: rerun.join(",") } : {};
}
