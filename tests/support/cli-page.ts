import type { Command } from "commander";

const INTRO = `# Commands

Every command of \`bin/longshore\`, as its \`--help\` prints it. Generated from \`cli/\` by \`npm run golden:update\`.

`;

/** Width of the help texts, fixed so that the page does not depend on the terminal. */
const WIDTH = 110;

/** Renders the page of all commands as Markdown, with one section per command and subcommand. */
export function cliPage(program: Command): string {
  return INTRO + [section(program, program.name()), ...sectionsOf(program, program.name())].join("\n");
}

function sectionsOf(parent: Command, name: string): string[] {
  return parent.commands.flatMap((command) => {
    const path = `${name} ${command.name()}`;
    return [section(command, path), ...sectionsOf(command, path)];
  });
}

function section(command: Command, path: string): string {
  let help = "";
  command.configureOutput({
    writeOut: (text) => (help += text),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  // Options common to all commands are listed in the first section only.
  const own =
    command.parent === null ? help : help.replace(/^(Global Options|Exit codes):[^]*?(\n\n|$(?![^]))/gm, "");
  return `## ${path}\n\n\`\`\`text\n${own.trim()}\n\`\`\`\n`;
}
