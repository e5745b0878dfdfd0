import { useId, useState } from "react";
import { useAction } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import type { Device, SimulatedSignal } from "../lib/types.ts";
import { Failure } from "#web/parts.tsx";
import { Badge } from "./badge.tsx";

const SIGNALS: readonly { readonly name: string; readonly signal: SimulatedSignal }[] = [
  { name: "Eyes open and closed in turn", signal: { kind: "alternating", seconds: 10 } },
  { name: "Eyes open", signal: { kind: "eyes-open" } },
  { name: "Eyes closed", signal: { kind: "eyes-closed" } },
  { name: "Sine wave of 10 Hz", signal: { kind: "sine", frequency: 10, amplitude: 50 } },
];

export function DeviceCard({
  device,
  isShown,
  onShow,
  onChanged,
}: {
  device: Device;
  isShown: boolean;
  onShow: () => void;
  onChanged: () => void;
}) {
  const api = useApi();
  const { busy, failure, act } = useAction();
  const [choice, setChoice] = useState(0);
  const select = useId();
  const isOn = device.status === "streaming" || device.status === "starting";
  const change = (what: () => Promise<Device>) =>
    act(async () => {
      await what();
      onShow();
      onChanged();
    });
  return (
    <li className={isShown ? "card shown" : "card"}>
      <div className="row">
        <h2>{device.name}</h2>
        <Badge status={device.status} />
        {device.simulated && <span className="badge">simulated</span>}
        {!device.present && <span className="badge">away</span>}
      </div>
      <p className="muted">
        {device.supported
          ? `${device.channels.length} channels, ${device.rate} samples a second`
          : `${device.kind} device, no driver for it`}
      </p>
      {device.error && <p className="error">{device.error}</p>}
      {failure && <Failure message={failure} />}
      <div className="row">
        {device.simulated && !isOn && (
          <>
            <label htmlFor={select}>Signal</label>
            <select id={select} value={choice} onChange={(event) => setChoice(Number(event.target.value))}>
              {SIGNALS.map(({ name }, index) => (
                <option key={name} value={index}>
                  {name}
                </option>
              ))}
            </select>
          </>
        )}
        {isOn ? (
          <button
            type="button"
            className="danger"
            disabled={busy}
            onClick={() => change(() => api.stop(device.id))}
          >
            Stop<span className="sr-only"> {device.name}</span>
          </button>
        ) : (
          <button
            type="button"
            className="primary"
            disabled={busy || !device.supported || !device.present}
            onClick={() =>
              change(() => api.start(device.id, device.simulated ? SIGNALS[choice]?.signal : undefined))
            }
          >
            Start<span className="sr-only"> {device.name}</span>
          </button>
        )}
        {!isShown && device.supported && (
          <button type="button" onClick={onShow}>
            Show<span className="sr-only"> {device.name}</span>
          </button>
        )}
      </div>
    </li>
  );
}
