import { isJob, type Document } from "./inputs";

/** Names of jobs, separated by commas, that the next deployment runs again although they have completed. */
const VARIABLE = "LONGSHORE_RERUN_JOBS";

/** The jobs of this document that the operator wants to run again. Names of other projects' jobs are no mistake. */
export function jobsToRerun(document: Document): string[] {
  const names = (process.env[VARIABLE] ?? "").split(",").map((name) => name.trim());
  return names.filter((name) => name in document.services && isJob(name, document));
}
