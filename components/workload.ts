import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { kebabKind, kubernetesObject, type ObjectData } from "./kubernetes-object";
import { rolloutSeconds } from "./rollout-time";

export interface WorkloadArgs {
  /** Objects of the workload: ServiceAccount, configuration, NetworkPolicies, Service, and the controller of its pods. */
  objects: readonly ObjectData[];
  /** Resources that must be ready or complete before its pods start: a migration, a database. @default [] */
  after?: readonly pulumi.Resource[];
  /** Whether its disks are protected. @default "retain" */
  lifecycle?: Lifecycle;
  /** By kind, such as `{ Deployment: (object) => … }`. */
  transform?: Readonly<Record<string, Transform<ObjectData>>>;
}

const CONTROLLERS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];
/** Kinds that refer to an existing controller. */
const FOLLOWERS = ["HorizontalPodAutoscaler", "PodDisruptionBudget"];
const STATEFUL = ["PersistentVolumeClaim", "StatefulSet"];

/**
 * The objects of one workload, created in dependency order and after the resources in `after`. Resource names consist of
 * the workload and the kind, so that a release updates them in place.
 *
 * @example
 * new Workload("todo-backend", { objects: [account, service, deployment], after: [migration.controller] });
 */
export class Workload extends Component {
  readonly objects: readonly pulumi.CustomResource[];
  /** The controller of the pods; ready when they are. */
  readonly controller: pulumi.CustomResource | undefined;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:workload:Workload", name, opts);
    const { objects, after = [], lifecycle = "retain", transform = {} } = args;
    const names = namesOf(objects);
    const pods = autoscaledPods(objects);
    const create = (object: ObjectData, dependsOn: readonly pulumi.Resource[]): pulumi.CustomResource =>
      kubernetesObject(
        `${name}-${names.get(object) ?? ""}`,
        apply(prepared(object, pods), transform[object.kind]),
        {
          parent: this,
          dependsOn: [...dependsOn],
          ...(STATEFUL.includes(object.kind) && stateful(lifecycle)),
          ...(CONTROLLERS.includes(object.kind) && rolloutOptions(object, pods)),
        },
      );

    const isController = (object: ObjectData): boolean => CONTROLLERS.includes(object.kind);
    const isFollower = (object: ObjectData): boolean => FOLLOWERS.includes(object.kind);
    const first = objects.filter((object) => !isController(object) && !isFollower(object));
    const foundation = first.map((object) => create(object, []));
    const controllers = objects
      .filter(isController)
      .map((object) => create(object, [...foundation, ...after]));
    const followers = objects.filter(isFollower).map((object) => create(object, controllers));

    this.objects = [...foundation, ...controllers, ...followers];
    this.controller = controllers[0];
    this.registerOutputs({});
  }
}

/** Smallest number of pods that an autoscaler keeps, or undefined where none does. */
function autoscaledPods(objects: readonly ObjectData[]): number | undefined {
  const autoscaler = objects.find(({ kind }) => kind === "HorizontalPodAutoscaler");
  return (autoscaler?.spec as { readonly minReplicas?: number } | undefined)?.minReplicas;
}

/** What the engine has to know of a controller: how long it may take, and what another owner sets. */
function rolloutOptions(object: ObjectData, pods: number | undefined): pulumi.CustomResourceOptions {
  const seconds = rolloutSeconds(object, pods);
  const wait = `${seconds ?? 0}s`;
  return {
    ...(seconds !== undefined && { customTimeouts: { create: wait, update: wait } }),
    // The autoscaler owns the number. What runs stays until it does.
    ...(pods !== undefined && { ignoreChanges: ["spec.replicas"] }),
    // A Job that runs again has the same name.
    ...(object.kind === "Job" && { deleteBeforeReplace: true }),
  };
}

/** The object with what only a deployment by the engine needs. */
function prepared(object: ObjectData, pods: number | undefined): ObjectData {
  switch (object.kind) {
    case "Service":
      return unwaited(object);
    case "Job":
      // A Job that failed runs again with the next deployment.
      return annotated(object, { "pulumi.com/replaceUnready": "true" });
    case "Deployment":
    case "StatefulSet":
      // Without a number the API server starts one pod, until the autoscaler looks. With one, an autoscaler that is gone
      // still owns it, and so does `kubectl scale`: the description takes it back.
      return pods === undefined
        ? annotated(object, { "pulumi.com/patchForce": "true" })
        : { ...object, spec: { ...object.spec, replicas: pods } };
    default:
      return object;
  }
}

/**
 * Skips the readiness check of a Service. The provider waits for one of its pods, which is created after the Service
 * here, so both would wait for each other. Dependents of a workload wait for its controller instead.
 */
function unwaited(object: ObjectData): ObjectData {
  return annotated(object, { "pulumi.com/skipAwait": "true" });
}

function annotated(object: ObjectData, added: Readonly<Record<string, string>>): ObjectData {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...added } } };
}

function apply(object: ObjectData, transform: Transform<ObjectData> | undefined): ObjectData {
  return typeof transform === "function" ? transform(object) : { ...object, ...transform };
}

/** The kind, and a number where there are several of a kind. Never the object's own name: it may hold a hash. */
function namesOf(objects: readonly ObjectData[]): Map<ObjectData, string> {
  const seen = new Map<string, number>();
  return new Map(
    objects.map((object) => {
      const kind = kebabKind(object.kind);
      const number = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, number);
      return [object, number === 1 ? kind : `${kind}-${number}`];
    }),
  );
}
