import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabNode } from "./cluster-node";
import { limit } from "./wait";

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly phase: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
    readonly spec: { readonly containers: readonly { readonly image: string }[] };
  }[];
}

/** Namespace of one system on the node. */
export class ClusterNamespace {
  constructor(
    private readonly node: LabNode,
    readonly name: string,
  ) {}

  kubectl(...args: string[]): Promise<string> {
    return this.node.kubectl("--namespace", this.name, ...args);
  }

  /** Names of objects, as `pod/NAME`. */
  async names(kind: string, ...more: string[]): Promise<string[]> {
    return (await this.kubectl("get", kind, "--output", "name", ...more)).split("\n").filter(Boolean);
  }

  podsOf(workload: string): Promise<string[]> {
    return this.names("pods", "--selector", `app.kubernetes.io/name=${workload}`);
  }

  /** Names of pods that are neither ready nor completed, and the images of all pods. */
  async pods(): Promise<{ readonly unready: string[]; readonly images: string[] }> {
    const { items } = JSON.parse(await this.kubectl("get", "pods", "--output", "json")) as Pods;
    const unready = items.filter(
      ({ status: { phase, conditions = [] } }) =>
        phase !== "Succeeded" &&
        !conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    );
    return {
      unready: unready.map(({ metadata }) => metadata.name),
      images: items.flatMap(({ spec }) => spec.containers.map(({ image }) => image)),
    };
  }

  async rolledOut(deployment: string): Promise<void> {
    await this.kubectl("rollout", "status", `deployment/${deployment}`, "--timeout", `${limit(120)}s`);
  }

  /** Kills the process of a pod's container with SIGKILL, like an OOM kill. */
  async kill(pod: string): Promise<void> {
    const path = "jsonpath={.status.containerStatuses[0].containerID}";
    const id = (await this.kubectl("get", pod, "--output", path)).replace("containerd://", "");
    const all = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
    const its = all.filter((pid) => cgroupOf(pid).includes(id));
    assert.ok(id !== "" && its.length > 0, `no process of ${pod}`);
    for (const pid of its) {
      process.kill(Number(pid), "SIGKILL");
    }
  }

  /** `ADDRESS:PORT` of a Service, reachable from this machine. */
  async addressOf(service: string, port = 0): Promise<string> {
    const path = `jsonpath={.spec.clusterIP}:{.spec.ports[${port}].port}`;
    return this.kubectl("get", "service", service, "--output", path);
  }

  /** A secret value of the pods of a workload (`deployment/NAME`). */
  async secretOf(workload: string, key: string): Promise<string> {
    const mounted = "jsonpath={.spec.template.spec.volumes[?(@.secret)].secret.secretName}";
    const [secret = ""] = (await this.kubectl("get", workload, "--output", mounted)).split(" ");
    const value = await this.kubectl("get", "secret", secret, "--output", `jsonpath={.data.${key}}`);
    return Buffer.from(value, "base64").toString();
  }
}

/** Cgroup of a process; empty if the process has ended. */
function cgroupOf(pid: string): string {
  try {
    return readFileSync(join("/proc", pid, "cgroup"), "utf8");
  } catch {
    return "";
  }
}
