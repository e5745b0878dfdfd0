import { isJob, type Document } from "./inputs";

/** Environment variable with comma-separated names of completed jobs that the next deployment runs again. */
const VARIABLE = "LONGSHORE_RERUN_JOBS";

/** Jobs of this document that the operator wants to run again. Ignores names of other projects' jobs. */
export function jobsToRerun(document: Document): string[] {
  const names = (process.env[VARIABLE] ?? "").split(",").map((name) => name.trim());
  return names.filter((name) => name in document.services && isJob(name, document));
}
