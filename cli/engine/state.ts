import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { PROJECT } from "../support/project";
import { localFiles } from "./local-stack";

/** Resource types that represent a whole system: see targets/. */
const SYSTEM_TYPES = new Set(["compose:index:Project", "longshore:system:System"]);

/** A stack's state, as exported by the engine or stored in a file. */
export interface State {
  readonly resources?: readonly { readonly urn: string; readonly type: string }[];
}

/** Names of the systems in a state, sorted. */
export function systemsIn({ resources = [] }: State): string[] {
  const names = resources
    .filter(({ type }) => SYSTEM_TYPES.has(type))
    .map(({ urn }) => urn.split("::").at(-1) ?? "");
  return [...new Set(names)].sort();
}

/** Systems deployed on a stack, read without the engine. Undefined if the state is not in files on this machine. */
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
    // ENOENT: the stack was never deployed. The engine reports a state that cannot be read.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? [] : undefined;
  }
}
