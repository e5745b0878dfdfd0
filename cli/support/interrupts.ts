/** Signals that end a command: Ctrl-C, `kill` or a service manager, a closed terminal. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";
const SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls a function for each end signal instead of ending the process. Returns a function that undoes this. */
export function onEndSignals(handle: (signal: EndSignal) => void): () => void {
  SIGNALS.forEach((signal) => process.on(signal, handle));
  return () => {
    SIGNALS.forEach((signal) => process.off(signal, handle));
  };
}

/** Signal handling for a command with cleanup. */
export interface Interrupts {
  /** Aborted by the first signal, or by the second if the first one was deferred. */
  readonly signal: AbortSignal;
  /** Runs work that must not be left incomplete. The first signal is deferred until it completes. */
  readonly whole: <T>(work: () => Promise<T>) => Promise<T>;
  /** Restores the default handling: signals end the process. */
  readonly release: () => void;
}

/** @param onWait called when a signal is deferred */
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
