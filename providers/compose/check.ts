import { tryDocker } from "./docker";
import type { Document } from "./inputs";
import type { CheckFailure } from "./server";

/** Validates a document with `docker compose config`. Changes nothing and needs no daemon. */
export async function validateDocument(project: string, document: Document): Promise<CheckFailure[]> {
  const args = ["compose", "--project-name", project, "--file", "-", "config", "--quiet"];
  const { exitCode, stderr } = await tryDocker(args, { input: JSON.stringify(document) });
  if (exitCode === 0) {
    return [];
  }
  const reason = stderr
    .split("\n")
    .filter((line) => !line.includes("level=warning"))
    .join("\n")
    .replace("validating stdin: ", "")
    .trim();
  return [{ property: propertyIn(reason), reason }];
}

/**
 * Extracts the property path from the start of a Compose message, such as `services.backend.deploy additional
 * properties …`.
 */
function propertyIn(reason: string): string {
  const path = /\b(services|networks|volumes|secrets|configs)\.[\w.-]*\w/.exec(reason)?.[0];
  const service = /service "([^"]+)"/.exec(reason)?.[1];
  if (path !== undefined) {
    return `document.${path}`;
  }
  return service === undefined ? "document" : `document.services.${service}`;
}
