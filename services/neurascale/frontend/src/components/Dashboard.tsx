import { useState } from "react";
import { useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import type { DeviceList } from "../lib/types.ts";
import { DeviceCard } from "./DeviceCard.tsx";
import { LiveView } from "./LiveView.tsx";
import { Failure, Loading, Notice } from "#web/parts.tsx";

/** Milliseconds between two looks at the devices. */
const INTERVAL = 3_000;

export function Dashboard() {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    "devices",
    (signal) => api.devices(signal),
    () => INTERVAL,
  );
  const [chosen, setChosen] = useState<string>();
  if (!data) {
    return error ? <Failure message={error.message} /> : <Loading what="devices" />;
  }
  const shown =
    data.items.find(({ id }) => id === chosen) ?? data.items.find(({ status }) => status === "streaming");
  return (
    <>
      <h1>Devices</h1>
      <Notice message={error && `${error.message} What you see may be out of date.`} />
      {data.items.length === 0 && (
        <p className="empty">No device was found yet. They are looked for every {data.interval} s.</p>
      )}
      <ul className="cards">
        {data.items.map((device) => (
          <DeviceCard
            key={device.id}
            device={device}
            isShown={device.id === shown?.id}
            onShow={() => setChosen(device.id)}
            onChanged={reload}
          />
        ))}
      </ul>
      <Search list={data} />
      {shown && <LiveView key={shown.id} device={shown} />}
    </>
  );
}

/** Where devices are looked for, and what came of it. */
function Search({ list }: { list: DeviceList }) {
  return (
    <details>
      <summary>Where devices are looked for</summary>
      <dl>
        {list.discovery.map(({ kind, available, detail }) => (
          <div key={kind} className="pair">
            <dt>{kind}</dt>
            <dd>
              {available ? "" : "not possible here: "}
              {detail}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
