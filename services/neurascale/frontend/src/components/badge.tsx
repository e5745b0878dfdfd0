import { StatusBadge } from "#web/parts.tsx";
import type { DeviceStatus } from "../lib/types.ts";

const SIGNS: Readonly<Record<DeviceStatus, string>> = {
  idle: "■",
  starting: "…",
  streaming: "▸",
  failed: "✕",
};

export function Badge({ status }: { status: DeviceStatus }) {
  return <StatusBadge status={status} sign={SIGNS[status]} />;
}
