import type { Plan } from "../../catalog/plan/types";
import type { ComposeService } from "./document";

/** Prevents privilege escalation: no capabilities, and no effect of set-user-id programs (ALL-04). */
export const CAPABILITIES = { cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] };

const JSON_FILE_LOGS = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** Returns the log driver of the environment, or by default rotated files of limited size. */
export function logging(plan: Plan): NonNullable<ComposeService["logging"]> {
  return plan.logging
    ? { driver: plan.logging.driver, options: { ...plan.logging.options } }
    : JSON_FILE_LOGS;
}

/** Maximum number of threads and processes per container, which contains fork bombs. */
export const PROCESSES = 512;

/** Returns an in-memory folder that only the container's user can access. Docker adds nosuid, nodev and noexec. */
export function tmpfs(path: string, user: number, bytes: number): string {
  return `${path}:mode=0700,uid=${user},gid=${user},size=${bytes}`;
}

/** Formats bytes for Compose files, where `M` is 1024 * 1024. */
export function bytes(count: number): string {
  const mebibyte = 1024 * 1024;
  if (count >= mebibyte && count % mebibyte === 0) {
    return count % (1024 * mebibyte) === 0 ? `${count / mebibyte / 1024}G` : `${count / mebibyte}M`;
  }
  return `${count}b`;
}

/** Converts thousandths of a core to cores. */
export function cores(thousandths: number): string {
  return String(thousandths / 1000);
}
