import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { registrySpec, type RegistrySpecArgs } from "./registry.spec";

export interface RegistryArgs extends RegistrySpecArgs {
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: {
    images?: Transform<gcp.artifactregistry.RepositoryArgs>;
    cache?: Transform<gcp.artifactregistry.RepositoryArgs>;
  };
}

/**
 * Artifact Registry for the images of an environment, with clean-up that never removes what runs, vulnerability
 * scanning, and a place of its own for the build cache.
 *
 * @example
 * const registry = new Registry("registry", { project: "acme-prod", host: "gcr.io" });
 * registry.repository("todo", "backend");  // "gcr.io/acme-prod/todo/backend"
 */
export class Registry extends Component {
  readonly images: gcp.artifactregistry.Repository;
  readonly cache: gcp.artifactregistry.Repository;
  private readonly prefixes: { readonly images: string; readonly cache: string };

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:Registry", name, opts);
    const { project, lifecycle = "retain", transform = {} } = args;
    const spec = registrySpec(args);
    this.prefixes = { images: spec.images.prefix, cache: spec.cache.prefix };

    this.images = this.child(
      gcp.artifactregistry.Repository,
      "images",
      { ...spec.images.repository, project },
      { ...stateful(lifecycle), transform: transform.images },
    );
    this.cache = this.child(
      gcp.artifactregistry.Repository,
      "cache",
      { ...spec.cache.repository, project },
      { transform: transform.cache },
    );
    this.registerOutputs({ prefix: spec.images.prefix });
  }

  /** Full name of an image without tag. Plain text, so that a preview can name what it will build. */
  repository(...path: string[]): string {
    return [this.prefixes.images, ...path].join("/");
  }

  /** Where the build cache of an image goes. */
  cacheRepository(...path: string[]): string {
    return [this.prefixes.cache, ...path].join("/");
  }

  /** Lets an account pull images, and nothing else. */
  allowPull(name: string, member: pulumi.Input<string>): gcp.artifactregistry.RepositoryIamMember {
    return this.child(gcp.artifactregistry.RepositoryIamMember, `${name}-pull`, {
      project: this.images.project,
      location: this.images.location,
      repository: this.images.name,
      role: "roles/artifactregistry.reader",
      member,
    });
  }
}
