import type { Terminal } from "./terminal";

/** Progress of a long-running command. */
export interface Progress {
  /** Shows the current activity. On a terminal it replaces the previous text; elsewhere it prints a line once. */
  readonly now: (text: string) => void;
  /** Prints a permanent line. */
  readonly line: (text: string) => void;
  /** Removes the spinner. */
  readonly stop: () => void;
}

const nothing = (): void => undefined;

/** Shorter work is not reported. */
const PATIENCE_MS = 2_000;

/**
 * Starts progress output: a spinner on a terminal, elsewhere plain lines without times for work that takes more than
 * two seconds. In JSON mode prints nothing.
 */
export async function startProgress(
  terminal: Terminal,
  { out = "stdout" }: { out?: "stdout" | "stderr" } = {},
): Promise<Progress> {
  const line = out === "stdout" ? terminal.out : terminal.note;
  if (terminal.isJson) {
    return { now: nothing, line: nothing, stop: nothing };
  }
  return canDrawOn(process.stderr) ? spinner(terminal, line) : lines(terminal, line);
}

/** Whether a spinner can be drawn. On a terminal that reports a width of 0 columns, ora would never return. */
export function canDrawOn({ isTTY, columns }: { isTTY?: boolean; columns?: number }): boolean {
  return isTTY === true && columns !== undefined && columns > 0;
}

async function spinner(terminal: Terminal, write: Terminal["out"]): Promise<Progress> {
  const { default: ora } = await import("ora");
  const spin = ora({
    stream: process.stderr,
    discardStdin: false,
    color: terminal.colors.isColorSupported ? "cyan" : "white",
  });
  return {
    now(text) {
      spin.text = text;
      if (!spin.isSpinning) {
        spin.start();
      }
    },
    line(text) {
      const { isSpinning } = spin;
      spin.stop();
      write(text);
      if (isSpinning) {
        spin.start();
      }
    },
    stop: () => void spin.stop(),
  };
}

function lines(terminal: Terminal, write: Terminal["out"]): Progress {
  let waiting: NodeJS.Timeout | undefined;
  let latest = "";
  let said = "";
  const stop = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return {
    now(text) {
      latest = text;
      waiting ??= setTimeout(() => {
        waiting = undefined;
        if (latest !== said) {
          said = latest;
          terminal.note(latest);
        }
      }, PATIENCE_MS).unref();
    },
    line(text) {
      stop();
      write(text);
    },
    stop,
  };
}
