import type { Command } from "commander";
import { run } from "../../tools/process";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { EXIT, Failure, usage } from "../support/failure";
import { choose, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { withOpenStack } from "../engine/with-open-stack";
import type { OpenStack } from "../engine/stack";
import { imagesBefore, readVersions, writeVersions } from "../engine/versions";

export interface RollbackOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("rollback")
    .description("roll back to what ran before: images on this machine, the previous commit on a cluster")
    .option("-y, --yes", "do not ask (a stack on a cluster shows the commit and asks)");
  withExamples(withJson(withSystem(withStack(command))), [
    [
      "longshore rollback --system todo",
      "on this machine, a system at a time; once more: the version before that",
    ],
    ["longshore rollback --stack prod", "deploys the commit that was deployed before, settings included"],
    ["longshore up --system todo", "forward again, to what the checkout says"],
  ]);
  command.addHelpText(
    "after",
    `
What databases hold stays as it is, their schema included.`,
  );
  return command.action((options: RollbackOptions) =>
    locked(options.stack, "rollback", () => rollback(options)),
  );
}

/** Runs `longshore rollback`. */
export async function rollback(options: RollbackOptions): Promise<void> {
  const settings = loadSettings(options.stack);
  choose(options.stack, settings.systems, options.system);
  if (settings.target !== "compose") {
    await (await import("../engine/cluster-rollback.js")).rollbackCluster(options);
    return;
  }
  const [system, ...others] = options.system;
  if (system === undefined || others.length > 0) {
    throw usage(
      `on this machine one system at a time goes back: --system ${settings.systems.join(", --system ")}`,
    );
  }
  await rollbackImages(system, options);
}

/** Deploys the previous images, with the same engine and state as `up`. */
async function rollbackImages(system: string, { stack, json = false }: RollbackOptions): Promise<void> {
  const versions = readVersions(stack)[system] ?? [];
  const target = imagesBefore(versions);
  if (!target) {
    throw usage(
      `${system}: there is no version to roll back to; each successful \`up\` with other images makes one`,
    );
  }
  const terminal = openTerminal({ json });
  await withOpenStack(
    { stack, system: [system] },
    terminal,
    async (opened, progress, { deploy, conclude }) => {
      await requireImages(opened, system, Object.values(target.images));
      progress.line(`back to what ran since ${target.since}; the database's schema stays as it is`);
      const result = await deploy("up", opened, terminal, progress, {
        system: [system],
        images: { [system]: target.images },
      });
      if (result.status === "ok") {
        writeVersions(stack, { ...readVersions(stack), [system]: versions.slice(0, -1) });
      }
      conclude("up", opened, result, terminal);
    },
  );
}

/** @throws Failure that names an image that no longer exists */
async function requireImages(
  { env }: OpenStack,
  system: string,
  references: readonly string[],
): Promise<void> {
  for (const reference of references) {
    const { code } = await run("docker", ["image", "inspect", reference], { env: environmentWith(env) });
    if (code !== 0) {
      throw new Failure(
        `${system}: the image ${reference} of the previous version is not on this machine any more; ` +
          "check its commit out and run: bin/longshore up",
        EXIT.failed,
      );
    }
  }
}
