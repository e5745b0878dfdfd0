/** As text in a cell of a table: whatever is in it, it makes no link, no picture, no tag and calls nobody. */
export function prose(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_~[\]#|!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/@(?=\w)/g, "@\u200b");
}

/** As code in a cell of a table. */
export function code(text: string): string {
  // A backslash before the one that keeps the cell together would undo it.
  return `\`${oneLine(text).replaceAll("`", "'").replace(/\\*\|/g, "\\|")}\``;
}

/** As a line of a block of code. */
export function blocked(text: string): string {
  return oneLine(text).replaceAll("```", "'''");
}

/** Characters of lines with the ends of the lines. */
export function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
