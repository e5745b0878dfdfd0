import { Argument, type Command } from "commander";
import { profilesOf } from "../../catalog/plan/presence";
import type { SystemDefinition } from "../../catalog/types";
import { knownSecrets } from "../../settings";
import { completionScript, SHELLS, type CompletionNames, type Shell } from "../support/completion";
import { knownStacks, withExamples } from "../support/options";
import { systems } from "../support/systems";

export function register(program: Command): Command {
  const command = program
    .command("completion")
    .description("print a script that completes commands, options, stacks, systems, services and secrets")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS));
  withExamples(command, [
    ['eval "$(bin/longshore completion bash)"', "in ~/.bashrc"],
    ['eval "$(bin/longshore completion zsh)"', "in ~/.zshrc"],
    ["bin/longshore completion fish | source", "in ~/.config/fish/config.fish"],
  ]);
  return command.action((shell: Shell) => {
    process.stdout.write(completionScript(program, shell, namesOf(Object.values(systems()))));
  });
}

/** Names to offer, by the attribute of an option or the name of an argument in any command. */
export function namesOf(definitions: readonly SystemDefinition[]): CompletionNames {
  const inSystems = (list: (definition: SystemDefinition) => readonly string[]) =>
    unique(definitions.flatMap(list));
  const services = inSystems(({ name, services: own }) => own.map((one) => `${name}/${one.name}`));
  const stores = inSystems(({ name, datastores }) => datastores.map((one) => `${name}/${one.name}`));
  const secrets = inSystems((definition) =>
    knownSecrets(definition)
      .filter(({ isFormer }) => !isFormer)
      .map(({ name }) => `${definition.name}.${name}`),
  );
  return {
    stack: knownStacks(),
    system: inSystems(({ name }) => [name]),
    profile: inSystems(profilesOf),
    rerun: inSystems(({ jobs }) => jobs.map(({ name }) => name)),
    service: services,
    services,
    store: stores,
    stores,
    secret: secrets,
  };
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
