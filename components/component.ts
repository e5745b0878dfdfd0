import * as pulumi from "@pulumi/pulumi";

/** Whether what is stateful outlives a mistake: `retain` protects it and keeps it when it leaves the program. */
export type Lifecycle = "retain" | "ephemeral";

/**
 * Changes what a component gives to one of its resources: some arguments to lay over its own, or a function that
 * gets its arguments and returns those to use.
 */
export type Transform<A> = Partial<A> | ((args: A) => A);

export interface ChildOptions<A> extends pulumi.CustomResourceOptions {
  transform?: Transform<A> | undefined;
}

/**
 * What our components have in common. A child is named after its parent, so that no two systems can ask for
 * the same name, and no argument of a component reaches the state (Outputs in them could leak or hang).
 */
export abstract class Component extends pulumi.ComponentResource {
  protected constructor(
    type: `longshore:${string}:${string}`,
    protected readonly label: string,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(type, label, {}, opts);
  }

  /** Creates `<parent>-<name>` below this component. */
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

/** Options of a resource that holds what cannot be made again. */
export function stateful(lifecycle: Lifecycle): { protect?: boolean; retainOnDelete?: boolean } {
  return lifecycle === "retain" ? { protect: true, retainOnDelete: true } : {};
}
