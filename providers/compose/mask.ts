import { maskOf, type Mask } from "../../tools/mask";
import type { Log } from "./engine";

export { maskOf, type Mask };

/** Wraps a log so that secret values are masked. */
export function maskedLog(log: Log, mask: Mask): Log {
  return {
    status: (message) => {
      log.status(mask(message));
    },
    info: (message) => {
      log.info(mask(message));
    },
    warning: (message) => {
      log.warning(mask(message));
    },
  };
}

/** Runs work and masks secret values in its errors. */
export async function withMask<T>(mask: Mask, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) {
      error.message = mask(error.message);
      error.stack = mask(error.stack ?? "");
    }
    throw error;
  }
}
