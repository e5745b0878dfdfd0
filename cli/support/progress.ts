import type { Terminal } from "./terminal";

/** What is going on right now, for whoever waits. */
export interface Progress {
  /** Says what is under way. On a terminal it replaces the text before; elsewhere it is a line, once. */
  readonly now: (text: string) => void;
  /** A line that stays. */
  readonly line: (text: string) => void;
  /** Takes the moving part away. */
  readonly stop: () => void;
}

const nothing = (): void => undefined;

/** Shorter work needs no word. */
const PATIENCE_MS = 2_000;

/**
 * A spinner on a terminal. Elsewhere plain lines without times (a log has its own), and only about
 * work that takes more than two seconds. In JSON mode nothing at all.
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

/** A terminal that has not said how wide it is (0 columns) cannot be drawn on: ora would never end. */
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
