import type { DeviceStatus } from "../lib/types.ts";

/** Status is never told by colour alone: each has its sign and its word. */
const SIGNS: Readonly<Record<DeviceStatus, string>> = {
  idle: "■",
  starting: "…",
  streaming: "▸",
  failed: "✕",
};

export function Badge({ status }: { status: DeviceStatus }) {
  return (
    <span className={`badge ${status}`}>
      <span aria-hidden="true">{SIGNS[status]}</span> {status}
    </span>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="muted" role="status">
      Loading {what} …
    </p>
  );
}

export function Failure({ message }: { message: string }) {
  return (
    <p className="failure" role="alert">
      {message}
    </p>
  );
}

/** What is shown while the last attempt failed, but an earlier one did not. Stays in the page while it is empty, so that
 * screen readers notice when it is not. */
export function Notice({ message }: { message: string | undefined }) {
  return (
    <div className="live" role="status">
      {message && <p className="stale">{message}</p>}
    </div>
  );
}
