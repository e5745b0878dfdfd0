/** A service or a job by its system and its name. */
export interface Service {
  readonly system: string;
  readonly service: string;
}

/** One running copy of a service, or one run of a job: a container on this machine, a pod in a cluster. */
export interface Instance extends Service {
  /** The container's ID, or the pod's name. */
  readonly id: string;
  /** `service`, `job`, `store` or `edge`. */
  readonly kind: string;
  /** `created`, `running`, `restarting`, `exited` … */
  readonly state: string;
  /** `healthy`, `unhealthy`, `starting`; empty without a health check. */
  readonly health: string;
  /** Of the last exit; 0 while it has not exited. */
  readonly exitCode: number;
  /**
   * Memory limit in bytes, set if the kernel killed one of its processes for exceeding it.
   * @default - no process was killed for memory
   */
  readonly outOfMemory?: number;
  readonly restarts: number;
  /** ISO time of the last start. */
  readonly startedAt: string;
  readonly image: string;
  /** Addresses that serve it, such as `127.0.0.1:8080` or `todo.example.com`. */
  readonly published: readonly string[];
  /** Protocol of these addresses. @default "http" */
  readonly scheme?: string;
  /** Services that it waits for before it starts. */
  readonly waitsFor: readonly string[];
  /** Why it is not ready, a sentence each: `image cannot be pulled: …`. @default [] */
  readonly problems?: readonly string[];
}
