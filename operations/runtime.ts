import type { Instance, Service } from "./instance";

/** What a health check answered just now. */
export interface Answer {
  readonly isHealthy: boolean;
  /** The first line of the answer, or why there is none. */
  readonly says: string;
}

export interface LogOptions {
  /** Whether to go on with new lines until the command is interrupted. */
  readonly follow: boolean;
  /** The last lines of each instance, or `all`. */
  readonly tail: number | "all";
}

/** A service that can be restarted. */
export interface Restartable extends Service {
  /** Whether it does not serve for a moment then, as a database. */
  readonly stops: boolean;
}

export interface RestartOptions {
  /** Called with what is under way. */
  readonly say: (text: string) => void;
  /** Called with what deserves attention. */
  readonly warn: (text: string) => void;
  /** Ends the wait, and where the steps are this machine's, undoes them. */
  readonly signal: AbortSignal;
}

/** What can be done with what runs of a stack: the same on this machine and in a cluster. */
export interface Runtime {
  /** Prints what instances wrote. @param services all services of these systems where the name is undefined */
  logs(
    services: readonly { readonly system: string; readonly service: string | undefined }[],
    options: LogOptions,
  ): Promise<number>;
  /** Runs a command in an instance of a service, connected to this terminal. @returns its exit code */
  exec(service: Service, words: readonly string[]): Promise<number>;
  /** Asks one instance for its health. */
  ask(instance: Instance): Promise<Answer>;
  restartable(systems: readonly string[]): Promise<Restartable[]>;
  /** Replaces the instances of a service, and waits until the new ones are ready. @throws Error that says why they are not */
  restart(service: Service, options: RestartOptions): Promise<void>;
}
