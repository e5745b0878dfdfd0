import { useEffect, useRef, useState } from "react";
import { ApiError, messageOf } from "#web/http.ts";
import type { Api } from "./api.ts";
import { readEvents, type ServerEvent } from "./events.ts";
import { Signal } from "./signal.ts";
import type { Prediction, Samples, Window } from "./types.ts";

/** Milliseconds before a stream that has ended is asked for again; doubles up to the second. */
const PAUSES = [500, 10_000] as const;

export interface Live {
  /** `waiting`: connected, nothing has come yet. */
  readonly state: "connecting" | "waiting" | "receiving";
  readonly failure: string | undefined;
  readonly window: Window | undefined;
  readonly prediction: Prediction | undefined;
}

const NOTHING: Live = { state: "connecting", failure: undefined, window: undefined, prediction: undefined };

/**
 * Follows a device for as long as it is shown, and connects again whenever the stream has ended. Samples go past
 * React into `signal`, with a call of `onSamples` each time: they come too often to render for.
 */
export function useLive(api: Api, device: string, signal: Signal, onSamples: () => void): Live {
  const [live, setLive] = useState(NOTHING);
  const notify = useRef(onSamples);
  notify.current = onSamples;

  useEffect(() => {
    const abort = new AbortController();
    const change = (part: Partial<Live>) => setLive((before) => ({ ...before, ...part }));
    setLive(NOTHING);
    api.latest(device, abort.signal).then(
      ({ window, prediction }) =>
        setLive((before) => ({
          ...before,
          window: before.window ?? window ?? undefined,
          prediction: before.prediction ?? prediction ?? undefined,
        })),
      // The stream says what is wrong.
      () => undefined,
    );
    const take = ({ event, data }: ServerEvent) => {
      switch (event) {
        case "samples":
          if (signal.push(JSON.parse(data) as Samples)) {
            notify.current();
            change({ state: "receiving" });
          }
          return;
        case "window":
          return change({ window: JSON.parse(data) as Window });
        case "prediction":
          return change({ prediction: JSON.parse(data) as Prediction });
      }
    };
    void follow(
      async () => {
        const stream = await api.stream(device, abort.signal);
        change({ state: "waiting", failure: undefined });
        await readEvents(stream, take);
      },
      (failure) => change({ state: "connecting", failure }),
      abort.signal,
    );
    return () => abort.abort();
  }, [api, device, signal]);
  return live;
}

/** Does it over and over until `signal`; not when the session is over, which the API has told then. */
export async function follow(
  once: () => Promise<void>,
  onFailure: (message: string) => void,
  signal: AbortSignal,
  wait: (milliseconds: number) => Promise<void> = (milliseconds) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds)),
): Promise<void> {
  let pause: number = PAUSES[0];
  while (!signal.aborted) {
    try {
      await once();
      pause = PAUSES[0];
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status === 401)) {
        return;
      }
      onFailure(messageOf(error));
    }
    await wait(pause);
    pause = Math.min(pause * 2, PAUSES[1]);
  }
}
