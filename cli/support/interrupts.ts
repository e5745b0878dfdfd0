/** Signals that end a command: Ctrl-C, `kill` and a service manager, a closed terminal. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";
const SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls a function for each signal that asks the command to end, instead of ending it. Returns what takes that back. */
export function onEndSignals(handle: (signal: EndSignal) => void): () => void {
  SIGNALS.forEach((signal) => process.on(signal, handle));
  return () => {
    SIGNALS.forEach((signal) => process.off(signal, handle));
  };
}

/** For a command that has something to put in order before it ends. */
export interface Interrupts {
  /** Aborted by the first signal, or by the second where the first one waits. */
  readonly signal: AbortSignal;
  /** Does what does harm when it is left half done: the first signal waits for its end. */
  readonly whole: <T>(work: () => Promise<T>) => Promise<T>;
  /** Signals end the process again. */
  readonly release: () => void;
}

/** @param onWait called when a signal waits, to say so */
export function catchInterrupts(onWait: () => void = () => undefined): Interrupts {
  const interrupt = new AbortController();
  let isWhole = false;
  let isWaiting = false;
  const onSignal = () => {
    if (isWhole && !isWaiting) {
      isWaiting = true;
      onWait();
    } else {
      interrupt.abort();
    }
  };
  const release = onEndSignals(onSignal);
  return {
    signal: interrupt.signal,
    whole: async (work) => {
      isWhole = true;
      try {
        return await work();
      } finally {
        isWhole = false;
      }
    },
    release,
  };
}
