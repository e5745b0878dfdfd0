import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { registrySpec, type RegistrySpecArgs } from "./registry.args";

export interface RegistryArgs extends RegistrySpecArgs {
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: {
    images?: Transform<gcp.artifactregistry.RepositoryArgs>;
    cache?: Transform<gcp.artifactregistry.RepositoryArgs>;
    mirror?: Transform<gcp.artifactregistry.RepositoryArgs>;
  };
}

/**
 * Artifact Registry for the images of an environment, with cleanup policies that keep running images, vulnerability
 * scanning, and a separate repository for the build cache.
 *
 * @example
 * const registry = new Registry("registry", { project: "acme-prod", host: "gcr.io" });
 * registry.repository("todo", "backend");  // "gcr.io/acme-prod/todo/backend"
 */
export class Registry extends Component {
  readonly images: gcp.artifactregistry.Repository;
  readonly cache: gcp.artifactregistry.Repository;
  /** By the mirrored host. */
  readonly mirrors: ReadonlyMap<string, gcp.artifactregistry.Repository>;
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
    this.mirrors = new Map(
      spec.mirrors.map(({ host, repository }) => {
        const { repositoryId } = repository;
        const options = { transform: transform.mirror };
        return [
          host,
          this.child(gcp.artifactregistry.Repository, repositoryId, { ...repository, project }, options),
        ];
      }),
    );
    this.registerOutputs({ prefix: spec.images.prefix });
  }

  /** Full name of an image without tag. Plain text, because a preview needs it. */
  repository(...path: string[]): string {
    return [this.prefixes.images, ...path].join("/");
  }

  /** Full name of an image's build cache. */
  cacheRepository(...path: string[]): string {
    return [this.prefixes.cache, ...path].join("/");
  }

  /**
   * Grants a builder permission to push images and the build cache, and nothing else. Prefer the identity of a workflow, such as
   * `principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/attribute.repository/acme/shop`.
   */
  allowPush(name: string, member: pulumi.Input<string>): gcp.artifactregistry.RepositoryIamMember[] {
    return [this.images, this.cache].map((repository, index) =>
      this.child(gcp.artifactregistry.RepositoryIamMember, `${name}-push${index === 0 ? "" : "-cache"}`, {
        project: repository.project,
        location: repository.location,
        repository: repository.name,
        role: "roles/artifactregistry.writer",
        member,
      }),
    );
  }

  /** Grants an account permission to pull images, and nothing else. */
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
