import { reasonOfExit } from "../../providers/compose/containers";
import { restartable, restartService } from "../../providers/compose/restart";
import type { Instance, Service } from "../../operations/instance";
import type { Answer, LogOptions, Restartable, RestartOptions, Runtime } from "../../operations/runtime";
import { handOver, projectOf, runIn, type Container, type Engine } from "../compose/docker";

/** What can be done with the containers of a stack on this machine. */
export class DockerRuntime implements Runtime {
  constructor(
    private readonly engine: Engine,
    private readonly stack: string,
  ) {}

  async logs(
    services: readonly { readonly system: string; readonly service: string | undefined }[],
    { follow, tail }: LogOptions,
  ): Promise<number> {
    const codes = await Promise.all(
      services.map(({ system, service }) =>
        handOver(this.engine, [
          ...["compose", "--project-name", projectOf(system, this.stack), "logs", "--tail", String(tail)],
          ...(follow ? ["--follow"] : []),
          ...(service === undefined ? [] : [service]),
        ]),
      ),
    );
    return Math.max(0, ...codes);
  }

  exec({ system, service }: Service, words: readonly string[]): Promise<number> {
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
    return handOver(this.engine, [
      ...["compose", "--project-name", projectOf(system, this.stack), "exec"],
      ...(isTerminal ? [] : ["--no-TTY"]),
      service,
      ...words,
    ]);
  }

  /** Runs the health check now, because Docker's result is up to one check interval old. */
  async ask(instance: Instance): Promise<Answer> {
    const { id, state, check } = instance as Container;
    if (state !== "running") {
      return { isHealthy: false, says: `${state}, ${reasonOfExit(instance)}` };
    }
    if (!check) {
      return { isHealthy: true, says: "running (no health check)" };
    }
    const { code, stdout, stderr } = await runIn(this.engine, id, check);
    const says = stdout.trim() || stderr.trim() || (code === 0 ? "" : `exit code ${code}`);
    return { isHealthy: code === 0, says };
  }

  async restartable(systems: readonly string[]): Promise<Restartable[]> {
    Object.assign(process.env, this.engine.env);
    const all = await Promise.all(
      systems.map(async (system) =>
        (await restartable(projectOf(system, this.stack))).map((one) => ({ system, ...one })),
      ),
    );
    return all.flat();
  }

  async restart({ system, service }: Service, { say, warn, signal }: RestartOptions): Promise<void> {
    Object.assign(process.env, this.engine.env);
    const log = { status: say, info: say, warning: warn };
    await restartService(projectOf(system, this.stack), service, { log, signal });
  }
}
