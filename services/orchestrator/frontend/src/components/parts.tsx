import { useEffect, type ReactNode } from "react";
import type { Outcome, RunStatus, StepStatus } from "../lib/types.ts";

type Status = RunStatus | StepStatus | Outcome;

/** Status is never told by colour alone: each has its sign and its word. */
const SIGNS: Readonly<Record<Status, string>> = {
  queued: "…",
  pending: "·",
  running: "▸",
  succeeded: "✓",
  failed: "✕",
  skipped: "↷",
  cancelled: "■",
  lost: "?",
  "handed-back": "↩",
};

export const signOf = (status: Status): string => SIGNS[status];

export function Badge({ status }: { status: Status }) {
  return (
    <span className={`badge ${status}`}>
      <span aria-hidden="true">{SIGNS[status]}</span> {status.replace("-", " ")}
    </span>
  );
}

export function PageTitle({
  title,
  back,
  children,
}: {
  title: string;
  back?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Orchestrator`;
  }, [title]);
  return (
    <div className="title">
      <div>
        {back && <p className="back">{back}</p>}
        <h1>{title}</h1>
      </div>
      {children && <div className="actions">{children}</div>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what} …
    </p>
  );
}

export function Failure({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What is shown while the last attempt to load failed, but an earlier one did not. */
export function Stale({ message }: { message: string | undefined }) {
  return (
    <div className="live" role="status">
      {message && <p className="stale">{message} What you see may be out of date.</p>}
    </div>
  );
}
