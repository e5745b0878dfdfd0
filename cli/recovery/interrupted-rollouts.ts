import { readUnfinished } from "../../providers/compose/unfinished";
import { projectOf } from "../compose/docker";
import { loadSettingsLeniently } from "../support/plans";
import { openTerminal } from "../support/terminal";
import type { CreateRecoverer, Finding } from "./types";

/** Recoverer for local systems whose last deployment failed or was interrupted. */
export const interruptedRollouts: CreateRecoverer = ({ stack }) => ({
  find() {
    const { settings } = loadSettingsLeniently(stack);
    const systems = settings.target === "compose" ? settings.systems : [];
    return Promise.resolve(
      systems.flatMap((system): Finding[] => {
        const how = readUnfinished(projectOf(system, stack));
        return how === undefined
          ? []
          : [
              {
                id: `rollout:${system}`,
                title: `the last deployment of ${system} is ${how}`,
                detail:
                  "its services may run different versions, and passwords of before a rotation may still be valid",
                action: `deploy ${system} as this checkout describes it, as up --system ${system} does`,
                apply: () => deploySystem(stack, system),
              },
            ];
      }),
    );
  },
});

async function deploySystem(stack: string, system: string): Promise<void> {
  const { withOpenStack } = await import("../engine/with-open-stack.js");
  // `recover` reports the result and prints its own document for --json.
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
