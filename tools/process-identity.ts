import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Identity of a process, unique even if its process id is reused: boot id, PID namespace and the kernel's start time.
 * A field is empty if the system does not report it.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly boot: string;
  readonly namespace: string;
  readonly started: string;
}

/** The initial PID namespace of a Linux kernel, in which every process is visible (PROC_PID_INIT_INO). */
const INITIAL_NAMESPACE = "pid:[4026531836]";

export function identityOf(pid: number = process.pid): ProcessIdentity {
  return { pid, boot: bootId(), namespace: pidNamespace(), started: startTime(pid) ?? "" };
}

/** Identifier of the current boot, the same in all containers of a kernel. */
export function bootId(): string {
  return (
    read("/proc/sys/kernel/random/boot_id")?.trim() ??
    output("sysctl", "-n", "kern.boottime")?.replace(/\s+/g, " ") ??
    ""
  );
}

/** PID namespace of this process; empty on systems without namespaces. */
export function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Whether this process sees every process of the machine. False in a container and on other kernels. */
export function seesAllProcesses(): boolean {
  const namespace = pidNamespace();
  return namespace === "" ? process.platform !== "linux" : namespace === INITIAL_NAMESPACE;
}

/** Start time of a process in the kernel's units. Undefined if this namespace has no such process. */
export function startTime(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    // The name, in parentheses, can contain spaces; the start time is the 20th field after it. A zombie has exited.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  }
  return process.platform === "linux" ? undefined : output("ps", "-o", "lstart=", "-p", String(pid));
}

/**
 * Whether a program runs under a process id, in this PID namespace or in a visible namespace below it.
 * @param name part of the program's name, because the id may have been reused
 */
export function runsAs(pid: number, name: string): boolean {
  if (process.platform !== "linux") {
    return output("ps", "-o", "comm=", "-p", String(pid))?.includes(name) === true;
  }
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .some((entry) => {
      if (read(`/proc/${entry}/comm`)?.includes(name) !== true) {
        return false;
      }
      // NSpid lists the process id in each namespace, outermost first.
      const numbers = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${entry}/status`) ?? "")?.[1] ?? entry;
      return numbers.split(/\s+/).includes(String(pid)) && startTime(Number(entry)) !== undefined;
    });
}

/** `unknown`: the process may run in a place that this process cannot see. */
export type Liveness = "alive" | "dead" | "unknown";

export function livenessOf({ pid, boot, namespace, started }: ProcessIdentity): Liveness {
  if (boot !== bootId() || namespace !== pidNamespace()) {
    return "unknown";
  }
  return startTime(pid) === started ? "alive" : "dead";
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function output(command: string, ...args: string[]): string | undefined {
  try {
    return (
      execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      undefined
    );
  } catch {
    return undefined;
  }
}
