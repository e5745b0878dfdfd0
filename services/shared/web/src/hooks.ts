import { createContext, useCallback, useContext, useEffect, useRef, useState, type Context } from "react";
import { loadConfig, type Config } from "./config.ts";
import { ApiError, messageOf } from "./http.ts";

/** A context for the application's API, and the hook that takes it from there. */
export function apiContext<Api>(): readonly [Context<Api | null>, () => Api] {
  const ApiContext = createContext<Api | null>(null);
  const useApi = () => {
    const api = useContext(ApiContext);
    if (!api) {
      throw new Error("the API is only there below its context");
    }
    return api;
  };
  return [ApiContext, useApi];
}

/** The settings of the installation; `failure` says why there are none. */
export function useConfig(): { readonly config: Config | undefined; readonly failure: string | undefined } {
  const [config, setConfig] = useState<Config>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    loadConfig().then(setConfig, (error: unknown) => setFailure(messageOf(error)));
  }, []);
  return { config, failure };
}

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly reload: () => void;
  /** Puts in what is known already, such as the answer to a change. */
  readonly put: (data: T) => void;
}

/**
 * Loads, and loads again every `interval(data)` milliseconds; 0 stops. What was loaded stays visible while a
 * later attempt fails. While the page is hidden nothing is asked.
 */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  interval: (data: T | undefined) => number,
): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: ApiError }>({ key });
  const [round, setRound] = useState(0);
  const functions = useRef({ load, interval });
  functions.current = { load, interval };

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let data: T | undefined;
    const look = async () => {
      if (!document.hidden) {
        try {
          data = await functions.current.load(abort.signal);
          setState({ key, data });
        } catch (error) {
          if (abort.signal.aborted) {
            return;
          }
          const known = error instanceof ApiError ? error : new ApiError(0, String(error));
          setState((before) => ({ ...(before.key === key ? before : { key }), error: known }));
        }
      }
      const pause = functions.current.interval(data);
      if (pause > 0 && !abort.signal.aborted) {
        timer = setTimeout(() => void look(), pause);
      }
    };
    void look();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, round]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const put = useCallback(
    (data: T) => {
      setState({ key, data });
      setRound((before) => before + 1);
    },
    [key],
  );
  const mine = state.key === key;
  return { data: mine ? state.data : undefined, error: mine ? state.error : undefined, reload, put };
}

/** The present, moving while `active`. */
export function useNow(active: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    if (!active) {
      return;
    }
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** Something that a person asked for: whether it is under way, and how it failed. */
export function useAction(): {
  readonly busy: boolean;
  readonly failure: string | undefined;
  readonly act: (what: () => Promise<void>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const act = (what: () => Promise<void>) => {
    setBusy(true);
    setFailure(undefined);
    what()
      .catch((error: unknown) => setFailure(messageOf(error)))
      .finally(() => setBusy(false));
  };
  return { busy, failure, act };
}
