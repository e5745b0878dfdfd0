import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle } from "./component";
import { kebabKind, kubernetesObject, type ObjectData } from "./kubernetes-object";

export interface NamespaceArgs {
  /** The Namespace object, followed by its quotas, limit ranges and default NetworkPolicy. */
  objects: readonly [namespace: ObjectData, ...rest: ObjectData[]];
  /** Deleting a namespace deletes everything in it, disks included. @default "retain" */
  lifecycle?: Lifecycle;
}

/** A namespace whose quotas and policies apply before any workload starts in it. */
export class Namespace extends Component {
  readonly namespace: pulumi.CustomResource;
  /** Resources that all other objects in the namespace depend on. */
  readonly rules: readonly pulumi.CustomResource[];

  constructor(
    name: string,
    { objects, lifecycle = "retain" }: NamespaceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("longshore:workload:Namespace", name, opts);
    const [namespace, ...rules] = objects;
    this.namespace = kubernetesObject(`${name}-namespace`, namespace, {
      parent: this,
      ...stateful(lifecycle),
    });
    this.rules = rules.map((object) =>
      kubernetesObject(`${name}-${kebabKind(object.kind)}`, object, {
        parent: this,
        dependsOn: [this.namespace],
      }),
    );
    this.registerOutputs({});
  }
}
