import type { Command } from "commander";
import { releaseDaemon } from "../compose/daemon";
import { deleteVolumes } from "../compose/docker";
import type { OpenStack } from "../engine/stack";
import { deployedSystems, systemsIn, type State } from "../engine/state";
import { withOpenStack } from "../engine/with-open-stack";
import { usage } from "../support/failure";
import { choose, loadSettingsLeniently, warnOfUnknownSystems } from "../support/plans";
import { confirm, openTerminal, plural } from "../support/terminal";
import { environmentWith } from "../support/tools";
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

export interface DownOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly volumes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("down")
    .description("stop and remove a stack; data stays unless --volumes is given")
    .option("-y, --yes", "do not ask")
    .option("--volumes", "also delete the data of databases on this machine (cannot be undone)");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore down", "ask, then remove what runs here; the databases keep their data"],
    ["longshore down --volumes --yes", "delete the data too and name the volumes; images stay"],
  ]);
  return command.action((options: DownOptions) => locked(options.stack, "down", () => down(options)));
}

/** Runs `longshore down`. */
async function down({
  stack,
  system,
  yes = false,
  volumes = false,
  json = false,
}: DownOptions): Promise<void> {
  const { settings, unknownSystems } = loadSettingsLeniently(stack);
  if (settings.lifecycle === "retain") {
    throw usage(
      `stack ${stack} is protected (lifecycle: retain); to destroy it, set longshore:lifecycle to ephemeral and run up first`,
    );
  }
  if (volumes && settings.target !== "compose") {
    throw usage(`--volumes is about data on this machine, and stack ${stack} runs elsewhere`);
  }
  const terminal = openTerminal({ json });
  warnOfUnknownSystems(unknownSystems, stack, terminal);
  await withOpenStack(
    { stack, system, program: false },
    terminal,
    async (opened, progress, { deploy, conclude }) => {
      const systems = choose(stack, await removable(opened, system), system);
      if (!yes) {
        const what = system.length > 0 ? system.join(", ") : "everything";
        const data = volumes ? ", and delete its data" : " (its data is kept)";
        progress.stop();
        await confirm(terminal, `Remove ${what} of stack ${stack}${data}?`);
      }
      // The provider must not announce kept volumes that are deleted next.
      const env = { ...opened.env, ...(volumes && { LONGSHORE_DELETES_VOLUMES: "1" }) };
      const result = await deploy("destroy", { ...opened, env }, terminal, progress, { system });
      let deletedVolumes: readonly string[] = [];
      if (volumes && result.status === "ok") {
        const engine = { env: environmentWith(opened.env) };
        deletedVolumes = await deleteVolumes(engine, systems, stack);
        progress.line(
          deletedVolumes.length > 0
            ? `  deleted the data: ${plural(deletedVolumes.length, "volume")}: ${deletedVolumes.join(", ")}`
            : "  there was no data to delete",
        );
        if (await releaseDaemon(stack, engine)) {
          progress.line("  nothing is left; the stack may be deployed on another Docker daemon");
        }
      }
      conclude("destroy", opened, result, terminal, volumes ? { deletedVolumes } : {});
    },
  );
}

/** Systems that can be taken down: those in the settings and those deployed earlier. */
async function removable(opened: OpenStack, asked: readonly string[]): Promise<readonly string[]> {
  const { settings, stack, command, workDir, env } = opened;
  const isKnown = asked.length > 0 && asked.every((name) => settings.systems.includes(name));
  const deployed = deployedSystems(stack, env["PULUMI_BACKEND_URL"]);
  if (deployed || isKnown) {
    return [...new Set([...settings.systems, ...(deployed ?? [])])].sort();
  }
  const { stdout } = await command.run(["stack", "export", "--stack", stack], { cwd: workDir, env });
  const { deployment } = JSON.parse(stdout) as { deployment?: State };
  return [...new Set([...settings.systems, ...systemsIn(deployment ?? {})])].sort();
}
