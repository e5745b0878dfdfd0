import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Controller, NamespaceContent } from "./objects";

export type Client = typeof client;

/** A cluster could not be reached, or refused. The message is for a person. */
export class ClusterError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ClusterError";
  }
}

/** Which cluster: a context of the kubeconfig, or the one whose name begins so; without either the current one. */
export interface ContextChoice {
  readonly context?: string;
  /** Of clusters on Google Cloud: `gke_PROJECT_REGION_`. */
  readonly prefix?: string;
}

/**
 * The context to use: the current one only where the stack's settings name none, as when it was deployed.
 * @throws ClusterError that names the contexts there are
 */
export function chooseContext(
  names: readonly string[],
  current: string,
  { context = current, prefix }: ContextChoice,
): string {
  const matching = names.filter((name) =>
    prefix === undefined ? name === context : name.startsWith(prefix),
  );
  const [one] = matching;
  if (one !== undefined && matching.length === 1) {
    return one;
  }
  const wanted = prefix === undefined ? context || "of the cluster" : `${prefix}…`;
  const found = matching.length > 1 ? matching : names;
  const fix =
    prefix === undefined
      ? "set longshore:cluster.context to one of them, or KUBECONFIG to the file that has it"
      : "run: gcloud container clusters get-credentials CLUSTER --region REGION --project PROJECT";
  throw new ClusterError(
    `kubeconfig: expected the context ${wanted}, got ${found.length === 0 ? "none" : found.join(", ")}; ${fix}`,
  );
}

/** A connection to the API server of a stack's cluster. */
export class Connection {
  private constructor(
    readonly client: Client,
    readonly config: client.KubeConfig,
    readonly context: string,
  ) {}

  /** Reads the kubeconfig as kubectl does. @throws ClusterError */
  static async open(choice: ContextChoice): Promise<Connection> {
    // Half a second to load, which commands on this machine need not spend.
    const client = await import("@kubernetes/client-node");
    const config = new client.KubeConfig();
    try {
      config.loadFromDefault();
    } catch (error) {
      throw new ClusterError(`kubeconfig: ${messageOf(error)}`);
    }
    const context = chooseContext(
      config.getContexts().map(({ name }) => name),
      config.getCurrentContext(),
      choice,
    );
    config.setCurrentContext(context);
    return new Connection(client, config, context);
  }

  /** Whether a namespace exists, and the stack that owns it if the namespace names one. */
  async ownerOf(namespace: string): Promise<{ exists: boolean; stack?: string }> {
    const core = this.config.makeApiClient(this.client.CoreV1Api);
    try {
      const { metadata } = await core.readNamespace({ name: namespace });
      const stack = metadata?.annotations?.["longshore/stack"];
      return { exists: true, ...(stack !== undefined && { stack }) };
    } catch (error) {
      if (isNotFound(error)) {
        return { exists: false };
      }
      throw this.explained(error);
    }
  }

  /** Reads what runs in a namespace. Events are those that the API server still keeps, an hour by default. */
  async contentOf(namespace: string): Promise<NamespaceContent> {
    const { CoreV1Api, BatchV1Api, NetworkingV1Api } = this.client;
    const core = this.config.makeApiClient(CoreV1Api);
    const [pods, jobs, ingresses, events] = await Promise.all([
      core.listNamespacedPod({ namespace }),
      this.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace }),
      this.config.makeApiClient(NetworkingV1Api).listNamespacedIngress({ namespace }),
      core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" }),
    ]).catch((error: unknown) => {
      throw this.explained(error);
    });
    return {
      system: namespace,
      pods: pods.items,
      jobs: jobs.items,
      ingresses: ingresses.items,
      events: events.items,
    };
  }

  /** The controllers of a namespace that can be restarted, Deployments and StatefulSets. */
  async controllersOf(namespace: string): Promise<{ kind: ControllerKind; controller: Controller }[]> {
    const apps = this.config.makeApiClient(this.client.AppsV1Api);
    const [deployments, sets] = await Promise.all([
      apps.listNamespacedDeployment({ namespace }),
      apps.listNamespacedStatefulSet({ namespace }),
    ]).catch((error: unknown) => {
      throw this.explained(error);
    });
    return [
      ...deployments.items.map((one) => ({ kind: "Deployment" as const, controller: one })),
      ...sets.items.map((one) => ({ kind: "StatefulSet" as const, controller: one })),
    ];
  }

  /** A sentence for a person in the place of an error of the client. */
  explained(error: unknown): ClusterError {
    const code = codeOf(error);
    const server = this.config.getCurrentCluster()?.server ?? "the cluster";
    if (code === 401 || code === 403) {
      return new ClusterError(
        `${this.context}: ${statusOf(error) ?? "refused"}; log in again, or ask for the role`,
        {
          cause: error,
        },
      );
    }
    if (code === undefined) {
      return new ClusterError(`${this.context}: ${server} does not answer: ${causeOf(error)}`, {
        cause: error,
      });
    }
    return new ClusterError(`${this.context}: ${statusOf(error) ?? messageOf(error)}`, { cause: error });
  }
}

export type ControllerKind = "Deployment" | "StatefulSet";

/** Whether the API server has answered that an object does not exist. */
export function isNotFound(error: unknown): boolean {
  return codeOf(error) === 404;
}

function codeOf(error: unknown): number | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}

/** The message of the Status object that the API server answered with. */
function statusOf(error: unknown): string | undefined {
  const body = typeof error === "object" && error !== null && "body" in error ? error.body : undefined;
  if (typeof body !== "string") {
    return undefined;
  }
  try {
    const { message } = JSON.parse(body) as { message?: string };
    return message;
  } catch {
    return undefined;
  }
}

/** The innermost cause: `connect ECONNREFUSED 127.0.0.1:6443` behind `request failed`. */
function causeOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) {
    inner = inner.cause;
  }
  return messageOf(inner);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
