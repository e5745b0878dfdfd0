import { useMemo, useRef, useState } from "react";
import { useApi } from "../lib/context.ts";
import { useLive, type Live } from "../lib/live.ts";
import { Signal, SPAN } from "../lib/signal.ts";
import { BANDS, RANGES, type Device, type Window } from "../lib/types.ts";
import { shares } from "../lib/shares.ts";
import { Notice } from "#web/parts.tsx";
import { SignalCanvas } from "./SignalCanvas.tsx";

/** Microvolts from the middle of a row to its edge. */
const SCALES = [25, 50, 100, 200] as const;

/** What comes from one device, while it comes. */
export function LiveView({ device }: { device: Device }) {
  const api = useApi();
  const signal = useMemo(() => new Signal(device.channels), []);
  const redraw = useRef(() => undefined as void);
  const [scale, setScale] = useState<number>(50);
  const live = useLive(api, device.id, signal, () => redraw.current());
  return (
    <section aria-labelledby="live">
      <div className="row">
        <h2 id="live">Live: {device.name}</h2>
        <span className="spacer" />
        <label htmlFor="scale">Scale</label>
        <select id="scale" value={scale} onChange={(event) => setScale(Number(event.target.value))}>
          {SCALES.map((one) => (
            <option key={one} value={one}>
              ±{one} µV
            </option>
          ))}
        </select>
      </div>
      <Notice message={noticeOf(live, device)} />
      <SignalCanvas
        signal={signal}
        scale={scale}
        redraw={redraw}
        label={`Signal of ${device.channels.join(", ")} over the last ${SPAN} seconds`}
        rows={device.channels.length}
      />
      <div className="halves">
        <Bands window={live.window} />
        <Classification live={live} />
      </div>
    </section>
  );
}

function noticeOf({ state, failure }: Live, device: Device): string | undefined {
  if (failure !== undefined) {
    return `${failure} Trying again …`;
  }
  if (state === "receiving") {
    return device.status === "streaming" || device.status === "starting" ? undefined : "The device is stopped.";
  }
  return device.status === "streaming" ? "Waiting for samples …" : "Start the device to see its signal.";
}

function Bands({ window }: { window: Window | undefined }) {
  const part = window && shares(window.mean);
  return (
    <section className="card" aria-labelledby="bands">
      <h3 id="bands">Band power</h3>
      <dl className="bands">
        {BANDS.map((band) => (
          <div key={band} className={window?.dominant === band ? "band dominant" : "band"}>
            <dt>
              {band} <span className="muted">{RANGES[band]} Hz</span>
            </dt>
            <dd>
              <span className="track" aria-hidden="true">
                <span className="bar" style={{ inlineSize: `${(part?.[band] ?? 0) * 100}%` }} />
              </span>
              <span className="number">
                {window && part
                  ? `${window.mean[band].toFixed(1)} µV², ${Math.round(part[band] * 100)} %`
                  : "–"}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Classification({ live: { prediction } }: { live: Live }) {
  return (
    <section className="card" aria-labelledby="classification">
      <h3 id="classification">Classification</h3>
      {/* Read out only when it changes. */}
      <p className="label" aria-live="polite">
        {prediction ? prediction.label.replaceAll("-", " ") : "–"}
      </p>
      {prediction && (
        <p className="muted">
          {Math.round(prediction.probability * 100)} % sure, by the model {prediction.model}
        </p>
      )}
    </section>
  );
}
