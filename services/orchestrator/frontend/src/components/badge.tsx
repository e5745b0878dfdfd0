import { StatusBadge } from "#web/parts.tsx";
import type { Outcome, RunStatus, StepStatus } from "../lib/types.ts";

type Status = RunStatus | StepStatus | Outcome;

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
  return <StatusBadge status={status} sign={SIGNS[status]} />;
}
