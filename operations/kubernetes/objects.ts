/** The parts of Kubernetes objects that are read here. Optional as the API server leaves them out. */
export interface Meta {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: Date | string;
  readonly deletionTimestamp?: Date | string;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: Date | string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: Date | string;
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface Pod {
  readonly metadata?: Meta;
  readonly spec?: {
    readonly containers: readonly {
      readonly name: string;
      readonly image?: string;
      readonly readinessProbe?: object;
      readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: Date | string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Job {
  readonly metadata?: Meta;
  readonly spec?: { readonly template: Pod };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly startTime?: Date | string;
  };
}

export interface Controller {
  readonly metadata?: Meta & { readonly generation?: number };
  readonly spec?: {
    readonly replicas?: number;
    readonly strategy?: { readonly type?: string };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface Ingress {
  readonly spec?: {
    readonly tls?: readonly object[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: {
        readonly paths: readonly {
          readonly path?: string;
          readonly backend: { readonly service?: { readonly name: string } };
        }[];
      };
    }[];
  };
}

/** An event about an object. */
export interface Event {
  readonly involvedObject: { readonly kind?: string; readonly name?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: Date | string;
  readonly eventTime?: Date | string;
}

/** What runs in the namespace of a system. */
export interface NamespaceContent {
  readonly system: string;
  readonly pods: readonly Pod[];
  readonly jobs: readonly Job[];
  readonly ingresses: readonly Ingress[];
  readonly events: readonly Event[];
}
