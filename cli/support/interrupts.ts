/** What asks a command to end: Ctrl-C, and the system. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
  SIGNALS.forEach((signal) => process.on(signal, onSignal));
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
    release: () => {
      SIGNALS.forEach((signal) => process.off(signal, onSignal));
    },
  };
}
