import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { PROJECT } from "../support/project";
import { localFiles } from "./local-stack";

/** The resource that stands for a whole system: see targets/. */
const SYSTEM_TYPES = new Set(["compose:index:Project", "longshore:system:System"]);

/** A stack's state as the engine exports it, or keeps it in a file. */
export interface State {
  readonly resources?: readonly { readonly urn: string; readonly type: string }[];
}

/** Names of the systems that a state holds, sorted. */
export function systemsIn({ resources = [] }: State): string[] {
  const names = resources
    .filter(({ type }) => SYSTEM_TYPES.has(type))
    .map(({ urn }) => urn.split("::").at(-1) ?? "");
  return [...new Set(names)].sort();
}

/**
 * Systems that were deployed on a stack, without the engine. Undefined when the stack's state is not in files on
 * this machine.
 */
export function deployedSystems(
  stack: string,
  backend = process.env["PULUMI_BACKEND_URL"],
): string[] | undefined {
  const root =
    machineStack(stack) !== undefined
      ? localFiles(dataDir(), repoRoot(), stack).state
      : backend?.startsWith("file:///")
        ? fileURLToPath(backend)
        : undefined;
  if (root === undefined) {
    return undefined;
  }
  try {
    const file = join(root, ".pulumi", "stacks", PROJECT, `${stack}.json`);
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint?: { latest?: State } };
    return systemsIn(checkpoint?.latest ?? {});
  } catch (error) {
    // Never deployed. A state that cannot be read is the engine's to complain about.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? [] : undefined;
  }
}
