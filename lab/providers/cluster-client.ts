import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { load } from "js-yaml";
import { UserError } from "../../providers/compose/errors";
import type { Json, Properties } from "../../offline/values";

/** An object as the API server returns it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export type ObjectName = Pick<ClusterObject, "apiVersion" | "kind"> & {
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters?: readonly {
    name: string;
    cluster: { server: string; "certificate-authority-data"?: string };
  }[];
  readonly users?: readonly {
    name: string;
    user: { "client-certificate-data"?: string; "client-key-data"?: string; token?: string };
  }[];
}

export interface ClusterChoice {
  /** A kubeconfig, or the path of one. @default - the file of $KUBECONFIG, else ~/.kube/config */
  readonly kubeconfig?: string | undefined;
  /** Context of the kubeconfig. @default - the current context */
  readonly context?: string | undefined;
}

/** Name under which objects are applied. */
export const FIELD_MANAGER = "longshore-lab";

/**
 * Minimal HTTP client of a cluster's API: apply, read, list, delete. Supports authentication by certificate and token
 * only.
 */
export class ClusterClient {
  private readonly agent: Agent;
  private readonly server: string;
  private readonly token: string | undefined;
  private readonly resources = new Map<string, Promise<ReadonlyMap<string, ApiResource>>>();

  constructor(choice: ClusterChoice = {}) {
    const { cluster, user } = chosen(choice);
    this.server = cluster.server;
    this.token = user.token;
    const [ca, cert, key] = [
      cluster["certificate-authority-data"],
      user["client-certificate-data"],
      user["client-key-data"],
    ].map((data) => data && Buffer.from(data, "base64"));
    this.agent = new Agent({
      keepAlive: true,
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
    });
  }

  /**
   * Applies an object with server-side apply.
   * @param dryRun validates and admits, and changes nothing
   * @throws UserError with the API server's message
   */
  async apply(object: ObjectName & Properties, { dryRun = false } = {}): Promise<ClusterObject> {
    const path = await this.path(object);
    const query = `fieldManager=${FIELD_MANAGER}${dryRun ? "&dryRun=All" : ""}`;
    const { status, body } = await this.send(
      "PATCH",
      `${path}?${query}`,
      object,
      "application/apply-patch+yaml",
    );
    if (status >= 300) {
      throw new ApiError(`${object.kind} ${object.metadata.name}: ${messageOf(body)}`, status);
    }
    return body as ClusterObject;
  }

  async get(name: ObjectName): Promise<ClusterObject | undefined> {
    const { status, body } = await this.send("GET", await this.path(name));
    if (status === 404) {
      return undefined;
    }
    if (status >= 300) {
      throw new ApiError(`${name.kind} ${name.metadata.name}: ${messageOf(body)}`, status);
    }
    return body as ClusterObject;
  }

  /** Deletes an object and its dependents. Does nothing if it does not exist. */
  async delete(name: ObjectName): Promise<void> {
    const { status, body } = await this.send(
      "DELETE",
      `${await this.path(name)}?propagationPolicy=Foreground`,
    );
    if (status >= 300 && status !== 404) {
      throw new ApiError(`${name.kind} ${name.metadata.name}: ${messageOf(body)}`, status);
    }
  }

  /** Lists objects. @param path such as `/api/v1/namespaces/todo/pods?labelSelector=…` */
  async list(path: string): Promise<ClusterObject[]> {
    const { status, body } = await this.send("GET", path);
    if (status >= 300) {
      throw new ApiError(`${path}: ${messageOf(body)}`, status);
    }
    return (body as { items: ClusterObject[] }).items;
  }

  close(): void {
    this.agent.destroy();
  }

  private async path({ apiVersion, kind, metadata }: ObjectName): Promise<string> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = (await this.resourcesOf(group)).get(kind);
    if (!resource) {
      throw new UserError(`the cluster does not know ${kind} of ${apiVersion}`);
    }
    const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${group}${place}/${resource.name}/${metadata.name}`;
  }

  private resourcesOf(group: string): Promise<ReadonlyMap<string, ApiResource>> {
    const known =
      this.resources.get(group) ??
      this.send("GET", group).then(({ status, body }) => {
        const { resources } = body as { resources?: ApiResource[] };
        if (status >= 300 || !resources) {
          throw new ApiError(`${group}: ${messageOf(body)}`, status);
        }
        return new Map(resources.filter(({ name }) => !name.includes("/")).map((one) => [one.kind, one]));
      });
    this.resources.set(group, known);
    known.catch(() => this.resources.delete(group));
    return known;
  }

  private send(
    method: string,
    path: string,
    content?: unknown,
    type = "application/json",
  ): Promise<{ status: number; body: unknown }> {
    return new Promise((resolve, reject) => {
      const headers = {
        accept: "application/json",
        ...(content !== undefined && { "content-type": type }),
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
      };
      const sent = request(new URL(path, this.server), { method, headers, agent: this.agent }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: response.statusCode ?? 0, body: parsed(text) });
        });
      });
      sent.on("error", (error) => {
        reject(new UserError(`the cluster at ${this.server} does not answer: ${error.message}`));
      });
      sent.end(content === undefined ? undefined : JSON.stringify(content));
    });
  }
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** An error response of the API server. */
export class ApiError extends UserError {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

function chosen({ kubeconfig, context }: ClusterChoice) {
  const file = process.env.KUBECONFIG?.split(delimiter).find(Boolean) ?? join(homedir(), ".kube", "config");
  const given = kubeconfig ?? file;
  const config = load(given.includes("\n") ? given : readFileSync(given, "utf8")) as Kubeconfig;
  const name = context ?? config["current-context"];
  const found = config.contexts?.find((one) => one.name === name)?.context;
  const cluster = config.clusters?.find((one) => one.name === found?.cluster)?.cluster;
  const user = config.users?.find((one) => one.name === found?.user)?.user;
  if (!cluster || !user) {
    const known = config.contexts?.map((one) => one.name).join(", ") ?? "";
    throw new UserError(`the kubeconfig has no context ${name ?? ""}; it has: ${known || "none"}`);
  }
  return { cluster, user };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 300) };
  }
}

function messageOf(body: unknown): string {
  const { message } = body as { message?: Json };
  return typeof message === "string" ? message : "refused without a message";
}
