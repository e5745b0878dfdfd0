import * as readline from "node:readline/promises";
import { stripVTControlCharacters } from "node:util";
import { createColors } from "picocolors";
import { Failure, EXIT, usage } from "./failure";

/** Output of a command: results on standard output, everything else on standard error. */
export interface Terminal {
  /** Prints a line of the result. */
  readonly out: (line?: string) => void;
  /** Prints a line about progress; nothing in JSON mode. */
  readonly note: (line?: string) => void;
  /** Prints the JSON document, the only standard output in JSON mode. */
  readonly json: (document: unknown) => void;
  readonly isJson: boolean;
  /** Whether a person uses the terminal, for spinners and prompts. */
  readonly isInteractive: boolean;
  /** Characters per line. */
  readonly columns: number;
  readonly colors: Colors;
}

export type Colors = ReturnType<typeof createColors>;

let hasDocument = false;

/** Whether the JSON document was printed. There is only one per command. */
export function hasPrintedDocument(): boolean {
  return hasDocument;
}

export function printDocument(document: unknown): void {
  hasDocument = true;
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Whether to use colours: only on a terminal and without NO_COLOR (https://no-color.org). FORCE_COLOR takes
 * precedence.
 */
export function wantsColors(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env["FORCE_COLOR"]) {
    return env["FORCE_COLOR"] !== "0";
  }
  return stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

export function openTerminal({ json = false }: { json?: boolean } = {}): Terminal {
  return {
    out: (line = "") => void process.stdout.write(`${line}\n`),
    note: (line = "") => {
      if (!json) {
        process.stderr.write(`${line}\n`);
      }
    },
    json: printDocument,
    isJson: json,
    isInteractive: !json && process.stderr.isTTY && process.stdin.isTTY,
    columns: process.stdout.isTTY && process.stdout.columns > 0 ? Math.min(process.stdout.columns, 120) : 80,
    colors: createColors(!json && wantsColors(process.stdout)),
  };
}

/** Asks for confirmation. Without an interactive terminal, fails and names the flag. */
export async function confirm(terminal: Terminal, question: string, flag = "--yes"): Promise<void> {
  if (!terminal.isInteractive) {
    throw usage(`this is no terminal to ask on: "${question}"; to go ahead, add ${flag}`);
  }
  const answer = (await ask(`${question} [y/N] `)).trim().toLowerCase();
  if (answer !== "y" && answer !== "yes") {
    throw new Failure("nothing was changed", EXIT.interrupted);
  }
}

async function ask(question: string): Promise<string> {
  const prompt = readline.createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new Promise<never>((_, reject) => {
    prompt.once("SIGINT", () => {
      reject(new Failure("nothing was changed", EXIT.interrupted));
    });
  });
  try {
    return await Promise.race([prompt.question(question), interrupted]);
  } finally {
    prompt.close();
  }
}

/**
 * Formats rows below headings (empty: rows only). Columns are as wide as their content; the last one is cut or wrapped
 * to fit the terminal.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, "columns" | "colors">,
): string[] {
  const all = headings.length > 0 ? [headings, ...rows] : rows;
  const columns = Math.max(...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((row) => visibleLength(row[column] ?? ""))),
  );
  const indent = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(20, terminal.columns - indent);
  const line = (cells: readonly string[], paint: (text: string) => string) => {
    const [first = "", ...more] = wrap(cells.at(-1) ?? "", room);
    const before = cells.slice(0, -1).map((cell, column) => pad(cell, widths[column] ?? 0));
    return [
      [...before, first],
      ...more.map((rest) => [...before.map((cell) => " ".repeat(visibleLength(cell))), rest]),
    ].map((parts) => paint(parts.join("  ").trimEnd()));
  };
  return [
    ...(headings.length > 0 ? line(headings, terminal.colors.dim) : []),
    ...rows.flatMap((row) => line(row, (text) => text)),
  ];
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleLength(text)));
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Wraps text between words. A word longer than a line is not broken, because it may be a path or a URL to copy. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && visibleLength(line) + 1 + visibleLength(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}

/** Formats a duration: `0.4 s`, `12 s`, `3 min 5 s` */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Formats the time since an ISO time: `12 s`, `3 h` or `4 days`. */
export function formatAge(at: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  const hours = Math.floor(seconds / 3600);
  return hours < 1 ? formatSeconds(seconds) : hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
