import type * as Stacks from "../../stacks";

/**
 * The systems of `stacks/`. Loaded on first use and not by an import, so that `--help` and `doctor` work while a
 * description has a mistake.
 */
export function systems(): typeof Stacks.systems {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load them at once
  return (require("../../stacks") as typeof Stacks).systems;
}
