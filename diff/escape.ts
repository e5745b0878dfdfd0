/** Escapes text for a Markdown table cell: it cannot become a link, an image, an HTML tag or a mention. */
export function prose(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_~[\]#|!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/@(?=\w)/g, "@\u200b");
}

/** Formats text as code in a Markdown table cell. */
export function code(text: string): string {
  // A backslash before the escaping one would cancel it.
  return `\`${oneLine(text).replaceAll("`", "'").replace(/\\*\|/g, "\\|")}\``;
}

/** Escapes text for a line of a fenced code block. */
export function blocked(text: string): string {
  return oneLine(text).replaceAll("```", "'''");
}

/** Total number of characters, line ends included. */
export function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
