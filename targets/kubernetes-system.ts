import * as pulumi from "@pulumi/pulumi";
import type { Resolver } from "../catalog/plan/resolve";
import type { BuildSource } from "../catalog/types";
import { baseImage } from "../catalog/build-graph";
import type { Plan, PlannedImage, PlannedRoute, Workload as PlannedWorkload } from "../catalog/plan/types";
import { Component } from "../components/component";
import { accountId } from "../components/identity.args";
import { WorkloadIdentity } from "../components/identity";
import { Image, type UpstreamImage } from "../components/image";
import { GkeIngress, type GkeBackend } from "../components/ingress";
import { kubernetesObject, type ObjectData } from "../components/kubernetes-object";
import { Namespace } from "../components/namespace";
import { Workload } from "../components/workload";
import {
  googleOptions,
  renderKubernetes,
  type KubernetesObject,
  type KubernetesOptions,
} from "../render/kubernetes";
import { usedGenerations } from "../settings/generations";
import { tagOf } from "../render/images/image-tag";
import type { DescribeSource } from "../render/images/source-description";
import { clusterLifecycle, pushArgs, type CloudContext, type SystemPlatform } from "./system-platform";
import { createBackups } from "./backups";
import { collectMetrics, showMetrics } from "./monitoring";
import { createManagedStores, type ManagedStore } from "./managed-stores";
import { createSecrets, provideSecrets } from "./system-secrets";

type Late = pulumi.Output<string>;
type Rendered = KubernetesObject<Late>;

export interface KubernetesSystemContext extends CloudContext {
  readonly describeSource: DescribeSource;
  readonly platform: SystemPlatform;
  /** Copies of published images, by their original name. */
  readonly upstream: ReadonlyMap<string, UpstreamImage>;
}

const NAME_LABEL = "app.kubernetes.io/name";

/** One system of an environment on a cluster: images, databases, secrets and the objects of its namespace. */
export class KubernetesSystem extends Component {
  /** Managed datastores, by name. */
  readonly stores: ReadonlyMap<string, ManagedStore>;
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Public URL of the system. @default - undefined for a system without routes */
  readonly url: string | undefined;
  readonly ingress: GkeIngress | undefined;
  /** Google Cloud identities of workloads, by name. */
  readonly identities: ReadonlyMap<string, WorkloadIdentity>;
  private readonly images: ReadonlyMap<string, Image>;
  private readonly secrets: ReadonlyMap<string, Late>;
  private readonly options: KubernetesOptions<Late>;

  constructor(
    private readonly plan: Plan,
    private readonly context: KubernetesSystemContext,
  ) {
    super("longshore:system:System", plan.system, { providers: [...context.platform.providers] });
    this.images = this.buildImages();
    this.secrets = provideSecrets(plan, context, this);
    this.identities = this.createIdentities();
    this.stores = this.createStores();
    const namespace = this.createNamespace();
    this.ingress = this.prepareIngress(namespace);
    const secretName = createSecrets(plan, this.baseOptions(), namespace.namespace, this);
    this.options = { ...this.baseOptions(), secretName, ...this.ingressOptions() };
    this.workloads = this.createWorkloads(namespace);
    this.operate(namespace);
    this.url = this.openIngress(namespace);
    // Recorded once every workload has been deployed: a rotation keeps the values of the recorded generations.
    const generations = pulumi
      .all([...this.workloads.values()].flatMap(({ objects }) => objects.map(({ id }) => id)))
      .apply(() => usedGenerations(plan, context.settings.generations?.[plan.system]));
    this.registerOutputs({ url: this.url, generations });
  }

  /** Returns the controllers of all pods. */
  controllers(): pulumi.Resource[] {
    return [...this.workloads.values()].flatMap(({ controller }) => controller ?? []);
  }

  private buildImages(): Map<string, Image> {
    const built = new Map<string, Image>();
    const build = (image: PlannedImage): Late => {
      const { name, source } = image;
      if (source.kind === "upstream") {
        return this.upstreamReference(source.reference);
      }
      const known = built.get(name) ?? this.buildImage(name, source, build);
      built.set(name, known);
      return known.reference;
    };
    this.plan.images.filter(({ source }) => source.kind === "build").forEach(build);
    return built;
  }

  /**
   * Creates the resource that builds an image.
   * @param referenceOf returns the reference of a base image, which it creates if necessary
   */
  private buildImage(name: string, source: BuildSource, referenceOf: (base: PlannedImage) => Late): Image {
    const { platform, describeSource } = this.context;
    const { images } = this.plan;
    const { registry } = platform;
    const cacheRepository = registry.cacheRepository?.(this.label, name);
    const { hash, ...revision } = describeSource(source, this.plan);
    const named = Object.entries(source.contexts ?? {});
    return new Image(
      `${this.label}-${name}`,
      {
        repository: registry.repository(this.label, name),
        ...(cacheRepository !== undefined && { cacheRepository }),
        ...pushArgs(registry),
        tag: tagOf(hash),
        // Relative to the project's folder, the provider's working directory, so that the path is the same on every
        // machine.
        context: source.context,
        dockerfile: source.dockerfile,
        ...(source.target !== undefined && { target: source.target }),
        ...(source.args && { buildArgs: source.args }),
        contexts: Object.fromEntries(
          named.flatMap(([key, context]) => (context.kind === "folder" ? [[key, context.path]] : [])),
        ),
        bases: Object.fromEntries(
          named.flatMap(([key, context]) =>
            context.kind === "image" ? [[key, referenceOf(baseImage(context.image, images))]] : [],
          ),
        ),
        ...revision,
      },
      { parent: this, dependsOn: [...registry.parts] },
    );
  }

  private createStores(): Map<string, ManagedStore> {
    const { platform, settings } = this.context;
    const { google } = platform;
    if (google === undefined) {
      return new Map();
    }
    const { lifecycle, stack } = settings;
    const secret = (name: string): Late => this.secret(name);
    const clients = (datastore: string): Late[] =>
      this.plan.workloads
        .filter(({ connects }) =>
          connects.some((one) => one.to === "datastore" && one.datastore === datastore),
        )
        .flatMap(({ name }) => this.identities.get(name)?.email ?? []);
    return createManagedStores(this.plan, { platform: google, lifecycle, secret, clients, stack }, this);
  }

  /** Creates a Google service account only for workloads that call Google APIs. */
  private createIdentities(): Map<string, WorkloadIdentity> {
    const { platform, settings } = this.context;
    const { google } = platform;
    if (google === undefined) {
      return new Map();
    }
    const create = ({ name, roles = [] }: PlannedWorkload): [string, WorkloadIdentity] => [
      name,
      new WorkloadIdentity(
        `${this.label}-${name}`,
        {
          project: google.project,
          accountId: accountId(this.label, name, settings.stack),
          serviceAccount: { namespace: this.label, name },
          roles,
        },
        // The project's workload identity pool exists once the project has a cluster.
        { parent: this, dependsOn: [google.cluster.cluster] },
      ),
    ];
    return new Map(this.plan.workloads.filter(({ roles }) => roles).map(create));
  }

  private createNamespace(): Namespace {
    const objects = this.render(this.baseOptions()).filter(
      ({ kind, metadata }) => kind !== "Ingress" && metadata.labels[NAME_LABEL] === undefined,
    );
    return new Namespace(
      this.label,
      {
        objects: objects as unknown as [ObjectData, ...ObjectData[]],
        lifecycle: clusterLifecycle(this.context.settings),
      },
      { parent: this },
    );
  }

  /** Creates address, certificate and health checks. Returns undefined for a system without routes. */
  private prepareIngress(namespace: Namespace): GkeIngress | undefined {
    const { routes, workloads, host } = this.plan;
    const { platform, settings } = this.context;
    if (routes.length === 0 || host === undefined || platform.google === undefined) {
      return undefined;
    }
    const ports = new Map(routes.map(({ workload, port }) => [workload, port]));
    const backends = workloads
      .filter(({ name }) => ports.has(name))
      .map((workload) => ({
        name: workload.name,
        health: healthOf(workload, ports.get(workload.name) ?? 80),
        ...backendOptions(routes.filter((route) => route.workload === workload.name)),
      }));
    return new GkeIngress(
      this.label,
      {
        project: platform.google.project,
        namespace: this.label,
        hosts: [host],
        backends,
        lifecycle: settings.lifecycle,
      },
      { parent: this, dependsOn: [namespace.namespace] },
    );
  }

  private createWorkloads(namespace: Namespace): Map<string, Workload> {
    const lifecycle = clusterLifecycle(this.context.settings);
    const rendered = this.render(this.options).filter(({ kind }) => kind !== "Secret" && kind !== "Ingress");
    const created = new Map<string, Workload>();
    for (const name of this.plan.startOrder) {
      const objects = rendered.filter(({ metadata }) => metadata.labels[NAME_LABEL] === name);
      const after = this.waitsFor(name, created);
      const workload = new Workload(
        `${this.label}-${name}`,
        { objects, after, lifecycle },
        { parent: this, dependsOn: [namespace.namespace, ...namespace.rules] },
      );
      created.set(name, workload);
    }
    return created;
  }

  /**
   * Creates the Google Cloud resources for operations: metrics, a dashboard, and dumps of datastores in the cluster.
   */
  private operate(namespace: Namespace): void {
    const { platform, settings } = this.context;
    const { google } = platform;
    if (google === undefined) {
      return;
    }
    const { project, backups: bucket, cluster } = google;
    const { namespace: own } = namespace;
    const workloads = this.controllers();
    collectMetrics(this.plan, this, [own, ...workloads]);
    showMetrics(this.plan, { project, stack: settings.stack, cluster }, this);
    if (bucket && settings.backups) {
      const { schedule, recipients, ...retention } = settings.backups;
      const place = { project, stack: settings.stack, cluster: cluster.cluster, namespace: own, workloads };
      createBackups(this.plan, this.options, { ...place, bucket, schedule, recipients, retention }, this);
    }
  }

  /** Returns the resources that a workload depends on: those of the plan, and its managed datastores. */
  private waitsFor(name: string, created: ReadonlyMap<string, Workload>): pulumi.Resource[] {
    const workload = this.plan.workloads.find((one) => one.name === name);
    const before = (workload?.after ?? []).map((dependency) => created.get(dependency.workload)?.controller);
    const stores = (workload?.connects ?? []).flatMap((connection) =>
      connection.to === "datastore" ? (this.stores.get(connection.datastore)?.ready ?? []) : [],
    );
    const identity = this.identities.get(name);
    return [
      ...before.filter((resource) => resource !== undefined),
      ...stores,
      ...(identity ? [identity.binding, ...identity.roles] : []),
    ];
  }

  private openIngress(namespace: Namespace): string | undefined {
    const objects = this.render(this.options).filter(({ kind }) => kind === "Ingress");
    if (objects.length === 0) {
      return undefined;
    }
    const served = this.plan.routes.flatMap(({ workload }) => this.workloads.get(workload)?.objects ?? []);
    for (const object of objects) {
      // Routes with options have their own Ingress, named SYSTEM-ROUTE.
      const { name } = object.metadata;
      const route = typeof name === "string" ? name.slice(this.plan.system.length) : "";
      kubernetesObject(`${this.label}-ingress${route}`, object, {
        parent: this.ingress ?? this,
        dependsOn: [namespace.namespace, ...(this.ingress?.parts ?? []), ...served],
      });
    }
    return this.plan.host && `https://${this.plan.host}`;
  }

  private render(options: KubernetesOptions<Late>): Rendered[] {
    return renderKubernetes(this.plan, options);
  }

  private baseOptions(): KubernetesOptions<Late> {
    const { google, pullLogin } = this.context.platform;
    return {
      ...(google && googleOptions(this.plan)),
      ...(pullLogin && { pullLogin }),
      stack: this.context.settings.stack,
      resolver: this.resolver(),
      imageReference: (image) => this.imageReference(image),
      imageVersion: ({ source }) =>
        source.kind === "build" ? this.context.describeSource(source, this.plan).hash : source.reference,
      requireDigests: this.plan.environment === "prod",
      lifecycle: clusterLifecycle(this.context.settings),
      accountAnnotations: ({ name }) => this.identities.get(name)?.annotations ?? {},
      datastoreRange: (name) => this.stores.get(name)?.range ?? pulumi.concat(this.hostOf(name), "/32"),
    };
  }

  private hostOf(datastore: string): Late {
    const store = this.stores.get(datastore);
    if (!store) {
      throw new Error(`internal: the plan refers to a managed datastore ${datastore} that it does not have`);
    }
    return store.host;
  }

  /**
   * Returns the Ingress options. On Google Cloud the load balancer holds the certificate, not a Secret of the cluster.
   */
  private ingressOptions(): Pick<KubernetesOptions<Late>, "ingress"> {
    if (this.context.platform.google === undefined) {
      return {};
    }
    return { ingress: { annotations: this.ingress?.annotations ?? {}, tlsSecret: null } };
  }

  private resolver(): Resolver<Late> {
    return {
      secret: (name, encode) => (encode ? this.secret(name).apply(encodeURIComponent) : this.secret(name)),
      host: (datastore) => this.hostOf(datastore),
      text: (parts) => pulumi.concat(...parts),
    };
  }

  private secret(name: string): Late {
    const value = this.secrets.get(name) ?? this.providedSecret(name);
    if (!value) {
      throw new Error(`internal: the plan uses a secret ${name} that it does not list`);
    }
    return value;
  }

  private providedSecret(name: string): Late | undefined {
    return [...this.stores.values()].flatMap(({ secrets }) => secrets[name] ?? [])[0];
  }

  private imageReference({ name, source }: PlannedImage): Late {
    if (source.kind === "upstream") {
      return this.upstreamReference(source.reference);
    }
    const image = this.images.get(name);
    if (!image) {
      throw new Error(`internal: image ${name} was not made`);
    }
    return image.reference;
  }

  private upstreamReference(published: string): Late {
    const copy = this.context.upstream.get(published);
    if (!copy) {
      throw new Error(`internal: image ${published} was not copied`);
    }
    return copy.reference;
  }
}

/**
 * Returns the load balancer's options for a service's routes. It cannot limit the size of bodies, so services must do
 * so.
 */
function backendOptions(routes: readonly PlannedRoute[]): Pick<GkeBackend, "paths" | "timeoutSeconds"> {
  return {
    ...(routes.some(({ websocket }) => websocket) && { timeoutSeconds: 3600 }),
    ...(routes.some(({ rateLimit }) => rateLimit) && {
      paths: routes.map(({ path, rateLimit }) => ({ path, ...(rateLimit && { limit: rateLimit }) })),
    }),
  };
}

/** Returns the load balancer's health check, which is the service's readiness probe. */
function healthOf({ probes }: PlannedWorkload, port: number) {
  const probe = probes.ready ?? probes.live;
  const check = probe?.check;
  return {
    path: check?.kind === "http" ? check.path : "/",
    port: check?.kind === "http" ? check.port : port,
    intervalSeconds: probe?.intervalSeconds ?? 10,
    timeoutSeconds: probe?.timeoutSeconds ?? 3,
    failures: probe?.failures ?? 3,
  };
}
