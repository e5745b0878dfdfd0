import type { Argument, Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Names that a completion offers as values, by the name of an option or of an argument. */
export type CompletionNames = Readonly<Record<string, readonly string[]>>;

/** What can follow the words of one command. */
interface Node {
  /** Words of the command, each after a space: ` secrets set`. Empty for the program. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly OptionWord[];
  /** Values of the arguments. */
  readonly values: readonly string[];
}

interface Word {
  readonly word: string;
  readonly description: string;
}

interface OptionWord extends Word {
  readonly short?: string;
  /** Names to offer for the value; empty: file names. Undefined for a flag. */
  readonly values?: readonly string[];
}

/** Returns the completion script of a program for a shell. It is static: pressing Tab starts no process. */
export function completionScript(program: Command, shell: Shell, names: CompletionNames): string {
  const nodes = nodesOf(program, "", names);
  const name = program.name();
  switch (shell) {
    case "bash":
      return bash(name, nodes);
    case "zsh":
      // zsh runs completion functions of bash.
      return `autoload -Uz compinit bashcompinit\n(( \${+functions[compdef]} )) || compinit\nbashcompinit\n${bash(name, nodes)}`;
    case "fish":
      return fish(name, nodes);
  }
}

function nodesOf(command: Command, path: string, names: CompletionNames): Node[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== "help");
  const options = [
    ...help.visibleOptions(command),
    ...(path === "" ? [] : help.visibleGlobalOptions(command)),
  ];
  const node: Node = {
    path,
    commands: children.map((child) => ({
      word: child.name(),
      description: firstSentence(child.description()),
    })),
    options: options.flatMap((option) => optionWord(option, names)),
    values: command.registeredArguments.flatMap((argument) => valuesOf(argument, argument.name(), names)),
  };
  return [node, ...children.flatMap((child) => nodesOf(child, `${path} ${child.name()}`, names))];
}

function optionWord(option: Option, names: CompletionNames): OptionWord[] {
  const { long, short, required, optional, description } = option;
  return long == null
    ? []
    : [
        {
          word: long,
          description: firstSentence(description),
          ...(short != null && { short }),
          ...((required || optional) && { values: valuesOf(option, option.attributeName(), names) }),
        },
      ];
}

function valuesOf(
  { argChoices }: Pick<Option | Argument, "argChoices">,
  name: string,
  names: CompletionNames,
): readonly string[] {
  return argChoices ?? names[name] ?? [];
}

function firstSentence(text: string): string {
  return text.split(/[;:(\n]/)[0]?.trim() ?? "";
}

function bash(name: string, nodes: readonly Node[]): string {
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ word, short, values: offered }) =>
      offered === undefined
        ? []
        : [word, ...(short === undefined ? [] : [short])].map(
            (flag) => `    ${quote(`${path}:${flag}`)}) words=${quote(offered.join(" "))}; isValue=1;;`,
          ),
    ),
  );
  const words = nodes.map(({ path, commands, options, values: offered }) => {
    const all = [...commands, ...options].map(({ word }) => word);
    return `    ${quote(path)}) words=${quote([...all, ...offered].join(" "))};;`;
  });
  return `_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" isValue="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
    ${paths.join("|")}) path="$path \${COMP_WORDS[i]}";;
    esac
  done
  case "$path:$prev" in
${values.join("\n")}
  esac
  if [ -z "$isValue" ]; then
    case "$path" in
${words.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${name} ${name}
`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  const lines = nodes.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c ${name} -n '__${name}_at ${quote(path)}'`;
    return [
      ...commands.map(({ word, description }) => `${here} -f -a ${quote(word)} -d ${quote(description)}`),
      ...options.map(({ word, short, description, values: offered }) => {
        const flags = `-l ${word.slice(2)}${short === undefined ? "" : ` -s ${short.slice(1)}`}`;
        const value =
          offered === undefined ? "" : offered.length === 0 ? " -r" : ` -x -a ${quote(offered.join(" "))}`;
        return `${here} ${flags}${value} -d ${quote(description)}`;
      }),
      ...(values.length > 0 ? [`${here} -f -a ${quote(values.join(" "))}`] : []),
    ];
  });
  return `function __${name}_at
  set -l path ""
  for word in (commandline -opc)[2..-1]
    if contains -- "$path $word" ${paths.join(" ")}
      set path "$path $word"
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** Quotes text for bash, zsh and fish. Characters with a meaning in double quotes occur in descriptions only. */
function quote(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `"${text.replaceAll(/["$`\\!]/g, "")}"`;
}
