import * as pulumi from "@pulumi/pulumi";

/** Deletion protection of stateful resources: `retain` protects them and keeps them when they leave the program. */
export type Lifecycle = "retain" | "ephemeral";

/**
 * Changes the arguments of one of a component's resources: values to merge over them, or a function from the
 * component's arguments to those to use.
 */
export type Transform<A> = Partial<A> | ((args: A) => A);

export interface ChildOptions<A> extends pulumi.CustomResourceOptions {
  transform?: Transform<A> | undefined;
}

/**
 * Base class of the components. Names of children start with the parent's name, so that they are unique across
 * systems. Arguments are not stored in the state, where Outputs could leak or block.
 */
export abstract class Component extends pulumi.ComponentResource {
  protected constructor(
    type: `longshore:${string}:${string}`,
    protected readonly label: string,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(type, label, {}, opts);
  }

  /** Creates the child `<parent>-<name>`. */
  protected child<A extends object, R extends pulumi.Resource>(
    Type: new (name: string, args: A, opts?: pulumi.CustomResourceOptions) => R,
    name: string,
    args: A,
    { transform, ...opts }: ChildOptions<A> = {},
  ): R {
    return new Type(`${this.label}-${name}`, transformed(args, transform), { parent: this, ...opts });
  }
}

export function transformed<A extends object>(args: A, transform: Transform<A> | undefined): A {
  return typeof transform === "function" ? transform(args) : { ...args, ...transform };
}

/** Options of a resource with data that cannot be recreated. */
export function stateful(lifecycle: Lifecycle): { protect?: boolean; retainOnDelete?: boolean } {
  return lifecycle === "retain" ? { protect: true, retainOnDelete: true } : {};
}
