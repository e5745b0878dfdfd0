import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Instance, Service } from "../instance";
import type { Answer, LogOptions, Restartable, RestartOptions, Runtime } from "../runtime";
import { ClusterError, isNotFound, type Connection, type ControllerKind } from "./connection";
import { instancesOf, type PodInstance } from "./instances";
import type { Controller } from "./objects";
import { failureOf, remaining } from "./rollout";

/** How often the state of a rollout is read. */
const PAUSE_MILLISECONDS = 1000;

/** What can be done with what runs in a cluster, over its API server. */
export class ClusterRuntime implements Runtime {
  constructor(private readonly connection: Connection) {}

  async logs(
    services: readonly { readonly system: string; readonly service: string | undefined }[],
    options: LogOptions,
  ): Promise<number> {
    const found = await Promise.all(
      services.map(async ({ system, service }) =>
        (await this.instancesIn(system)).filter(
          (one) =>
            (service === undefined || one.service === service) && one.state !== "created" && one.hasPod,
        ),
      ),
    );
    await Promise.all(found.flat().map((one) => this.logsOf(one, options)));
    return 0;
  }

  async exec(service: Service, words: readonly string[]): Promise<number> {
    const { system, service: name } = service;
    const running = (await this.instancesIn(system)).filter(
      (one) => one.service === name && one.state === "running",
    );
    const [instance] = running.sort(
      (a, b) => Number(b.health === "healthy") - Number(a.health === "healthy"),
    );
    if (!instance) {
      throw new ClusterError(`${system}/${name}: no pod of it runs`);
    }
    return this.execIn(instance, words);
  }

  /** The kubelet probes every few seconds; its last answer is repeated. */
  ask(instance: Instance): Promise<Answer> {
    const { health, problems = [], state } = instance;
    const isHealthy = state === "running" && (health === "healthy" || health === "");
    const says =
      problems.join("; ") ||
      (health === "" ? "running (no health check)" : `${health}, by the kubelet's last probe`);
    return Promise.resolve({ isHealthy, says });
  }

  async restartable(systems: readonly string[]): Promise<Restartable[]> {
    const all = await Promise.all(
      systems.map(async (system) =>
        (await this.connection.controllersOf(system)).map(({ kind, controller }) => ({
          system,
          service: controller.metadata?.name ?? "",
          stops: kind === "StatefulSet" || controller.spec?.strategy?.type === "Recreate",
        })),
      ),
    );
    return all.flat();
  }

  /** As `kubectl rollout restart` does: an annotation of the pods' template. */
  async restart(service: Service, options: RestartOptions): Promise<void> {
    const { system: namespace, service: name } = service;
    const kind = await this.kindOf(service);
    const { AppsV1Api, PatchStrategy, setHeaderOptions } = this.connection.client;
    const apps = this.connection.config.makeApiClient(AppsV1Api);
    const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
    const request = { name, namespace, body: { spec: { template: { metadata: { annotations } } } } };
    const asPatch = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
    try {
      await (kind === "Deployment"
        ? apps.patchNamespacedDeployment(request, asPatch)
        : apps.patchNamespacedStatefulSet(request, asPatch));
    } catch (error) {
      throw this.connection.explained(error);
    }
    await this.rolledOut(service, options);
  }

  private async rolledOut(service: Service, { say, signal }: RestartOptions): Promise<void> {
    for (;;) {
      const controller = await this.read(service);
      const failure = failureOf(controller);
      const rest = remaining(controller);
      if (rest === undefined) {
        return;
      }
      if (failure !== undefined) {
        throw new ClusterError(
          `${service.system}/${service.service}: ${[failure, ...(await this.whyNot(service))].join("; ")}`,
        );
      }
      if (signal.aborted) {
        throw new ClusterError(
          `${service.system}/${service.service}: interrupted, the cluster goes on: ${rest}`,
        );
      }
      say(`${service.service}: ${rest}`);
      await sleep(PAUSE_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async whyNot({ system, service }: Service): Promise<string[]> {
    const instances = (await this.instancesIn(system)).filter((one) => one.service === service);
    return [...new Set(instances.flatMap(({ problems = [] }) => problems))];
  }

  private async kindOf(service: Service): Promise<ControllerKind> {
    const all = await this.connection.controllersOf(service.system);
    const found = all.find(({ controller }) => controller.metadata?.name === service.service);
    if (!found) {
      throw new ClusterError(
        `${service.system}/${service.service}: no Deployment or StatefulSet of this name`,
      );
    }
    return found.kind;
  }

  private async read(service: Service): Promise<Controller> {
    const all = await this.connection.controllersOf(service.system);
    const found = all.find(({ controller }) => controller.metadata?.name === service.service);
    if (!found) {
      throw new ClusterError(`${service.system}/${service.service} was deleted while it was waited for`);
    }
    return found.controller;
  }

  private async instancesIn(system: string): Promise<PodInstance[]> {
    return instancesOf(await this.connection.contentOf(system));
  }

  /** Prints each line with the pod's name before it. */
  private async logsOf({ system, id, container }: PodInstance, { follow, tail }: LogOptions): Promise<void> {
    const lines = new PassThrough();
    const printed = new Promise<void>((resolve) => {
      createInterface({ input: lines })
        .on("line", (line) => process.stdout.write(`${id} | ${line}\n`))
        .on("close", resolve);
    });
    const log = new this.connection.client.Log(this.connection.config);
    try {
      await log.log(system, id, container, lines, { follow, ...(tail !== "all" && { tailLines: tail }) });
    } catch (error) {
      lines.end();
      // A pod that has ended since it was listed has no lines left.
      if (!isNotFound(error)) {
        throw this.connection.explained(error);
      }
    }
    await printed;
  }

  /** Connects this process' standard streams to a command in a container. @returns its exit code */
  private async execIn({ system, id, container }: PodInstance, words: readonly string[]): Promise<number> {
    const { stdin, stdout, stderr } = process;
    // `isTTY` is undefined for a pipe, and the API server reads any value but `false` as true.
    const isTerminal = [stdin, stdout].every(({ isTTY }: { isTTY?: boolean }) => isTTY === true);
    const exec = new this.connection.client.Exec(this.connection.config);
    if (isTerminal) {
      stdin.setRawMode(true);
    }
    try {
      return await new Promise<number>((resolve, reject) => {
        const ended = (status: ExecStatus) => {
          resolve(exitCodeOf(status));
        };
        exec.exec(system, id, container, [...words], stdout, stderr, stdin, isTerminal, ended).then(
          (socket: unknown) => {
            // A connection that is lost has no status.
            (socket as Socket).onclose = () => {
              reject(new ClusterError(`${system}/${id}: the connection was closed before the command ended`));
            };
          },
          (error: unknown) => {
            reject(this.connection.explained(error));
          },
        );
      });
    } finally {
      if (isTerminal) {
        stdin.setRawMode(false);
      }
      stdin.pause();
    }
  }
}

/** The client's socket has no types of its own. */
interface Socket {
  onclose?: () => void;
}

/** The Status object that ends an exec. */
interface ExecStatus {
  readonly status?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/** Exit code in the Status object that ends an exec. */
export function exitCodeOf({ status, details }: ExecStatus): number {
  if (status === "Success") {
    return 0;
  }
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? 1 : Number(code);
}
