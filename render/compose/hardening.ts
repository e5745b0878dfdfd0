import type { Plan } from "../../catalog/plan/types";
import type { ComposeService } from "./document";

/** Nothing may be gained: no capability, no set-user-id program (ALL-04). */
export const CAPABILITIES = { cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] };

const JSON_FILE_LOGS = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** Where the environment collects logs, else files that cannot fill the disk. */
export function logging(plan: Plan): NonNullable<ComposeService["logging"]> {
  return plan.logging
    ? { driver: plan.logging.driver, options: { ...plan.logging.options } }
    : JSON_FILE_LOGS;
}

/** Threads and processes of one container, so that a fork bomb stays inside. */
export const PROCESSES = 512;

/** An in-memory folder of the container's user alone. The engine adds nosuid, nodev and noexec. */
export function tmpfs(path: string, user: number, bytes: number): string {
  return `${path}:mode=0700,uid=${user},gid=${user},size=${bytes}`;
}

/** Bytes as people write them in Compose files, where `M` is 1024 * 1024. */
export function bytes(count: number): string {
  const mebibyte = 1024 * 1024;
  if (count >= mebibyte && count % mebibyte === 0) {
    return count % (1024 * mebibyte) === 0 ? `${count / mebibyte / 1024}G` : `${count / mebibyte}M`;
  }
  return `${count}b`;
}

/** Thousandths of a core as cores. */
export function cores(thousandths: number): string {
  return String(thousandths / 1000);
}
