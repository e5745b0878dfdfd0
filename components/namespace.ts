import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle } from "./component";
import { kebabKind, kubernetesObject, type ObjectData } from "./kubernetes-object";

export interface NamespaceArgs {
  /** The Namespace object first, then what holds for all of it: quotas, defaults, the policy that denies all traffic. */
  objects: readonly [namespace: ObjectData, ...rest: ObjectData[]];
  /** Deleting a namespace deletes all that is in it, disks included. @default "retain" */
  lifecycle?: Lifecycle;
}

/** A namespace with the rules that hold in it, all in force before anything runs there. */
export class Namespace extends Component {
  readonly namespace: pulumi.CustomResource;
  /** What everything else in the namespace must wait for. */
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
