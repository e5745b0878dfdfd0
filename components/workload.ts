import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { kebabKind, kubernetesObject, type ObjectData } from "./kubernetes-object";

export interface WorkloadArgs {
  /** What makes up the workload: its account, configuration, policies, Service, and the controller of its pods. */
  objects: readonly ObjectData[];
  /** What must be ready, or complete, before its pods start: a migration, a database. @default [] */
  after?: readonly pulumi.Resource[];
  /** Whether its disks are protected. @default "retain" */
  lifecycle?: Lifecycle;
  /** By kind, such as `{ Deployment: (object) => … }`. */
  transform?: Readonly<Record<string, Transform<ObjectData>>>;
}

const CONTROLLERS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];
/** What looks at a controller that exists. */
const FOLLOWERS = ["HorizontalPodAutoscaler", "PodDisruptionBudget"];
const STATEFUL = ["PersistentVolumeClaim", "StatefulSet"];

/**
 * The objects of one workload, created in an order in which pods find all they need, and only after what they
 * wait for. Each resource is named after the workload and its kind, so that a release changes it, not replaces it.
 *
 * @example
 * new Workload("todo-backend", { objects: [account, service, deployment], after: [migration.controller] });
 */
export class Workload extends Component {
  readonly objects: readonly pulumi.CustomResource[];
  /** What runs the pods: ready when they are. */
  readonly controller: pulumi.CustomResource | undefined;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:workload:Workload", name, opts);
    const { objects, after = [], lifecycle = "retain", transform = {} } = args;
    const names = namesOf(objects);
    const create = (object: ObjectData, dependsOn: readonly pulumi.Resource[]): pulumi.CustomResource =>
      kubernetesObject(
        `${name}-${names.get(object) ?? ""}`,
        apply(unwaited(object), transform[object.kind]),
        {
          parent: this,
          dependsOn: [...dependsOn],
          ...(STATEFUL.includes(object.kind) && stateful(lifecycle)),
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

/**
 * The provider calls a Service ready when one of its pods is, and its pods come after it here: each would wait for the
 * other. What comes after a workload waits for its controller, which knows more.
 */
function unwaited(object: ObjectData): ObjectData {
  if (object.kind !== "Service") {
    return object;
  }
  const { metadata } = object;
  const annotations = { ...metadata.annotations, "pulumi.com/skipAwait": "true" };
  return { ...object, metadata: { ...metadata, annotations } };
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
