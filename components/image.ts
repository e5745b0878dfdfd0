import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { Component, type Transform } from "./component";
import { imageSpec, upstreamImageSpec, type ImageSpecArgs, type Platform } from "./image.args";

/** Credentials for pushing. @default - the credentials of Docker on this machine */
export interface RegistryLogin {
  address: string;
  username: pulumi.Input<string>;
  /** Always stored as a secret. */
  password: pulumi.Input<string>;
}

export interface ImageArgs extends ImageSpecArgs {
  /** Base images, such as `other.reference`, by the name in `FROM`. @default {} */
  bases?: Readonly<Record<string, pulumi.Input<string>>>;
  login?: RegistryLogin;
  transform?: { image?: Transform<dockerBuild.ImageArgs> };
}

/**
 * Builds an image for all platforms and pushes it. A preview builds nothing, and an unchanged source is not rebuilt.
 * The image stays in the registry when it leaves the program, so that running workloads can be restarted and rolled
 * back.
 *
 * @example
 * const image = new Image("backend", {
 *   repository: "gcr.io/acme-prod/todo/backend",
 *   tag: `src-${hash}`,
 *   context: "services/todo/backend",
 * });
 * image.reference;  // "gcr.io/acme-prod/todo/backend@sha256:…"
 */
export class Image extends Component {
  readonly image: dockerBuild.Image;
  /** `repository@sha256:…`, for use in workloads. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:build:Image", name, opts);
    const spec = imageSpec(name, args);

    this.image = this.child(
      dockerBuild.Image,
      "build",
      { ...spec, context: withBases(spec.context, args.bases), ...registries(args.login) },
      { retainOnDelete: true, transform: args.transform?.image },
    );
    this.reference = pulumi.interpolate`${args.repository}@${this.image.digest}`;
    this.registerOutputs({ reference: this.reference });
  }
}

function withBases(
  context: ReturnType<typeof imageSpec>["context"],
  bases: ImageArgs["bases"] = {},
): dockerBuild.types.input.BuildContextArgs {
  const named = Object.entries(bases).map(
    ([name, reference]): [string, dockerBuild.types.input.ContextArgs] => [
      name,
      { location: pulumi.interpolate`docker-image://${reference}` },
    ],
  );
  return named.length === 0
    ? context
    : { ...context, named: { ...context.named, ...Object.fromEntries(named) } };
}

export interface UpstreamImageArgs {
  /** Upstream `repository:tag`, with a fixed version. */
  reference: string;
  /** Full name in the project's registry, without tag. */
  repository: string;
  /** @default ["linux/amd64", "linux/arm64"] */
  platforms?: readonly Platform[];
  login?: RegistryLogin;
  transform?: { image?: Transform<dockerBuild.ImageArgs> };
}

/**
 * A copy of an upstream image in the project's registry. Workloads use the copy's digest, so that neither an outage
 * of the public registry nor a moved tag affects them.
 */
export class UpstreamImage extends Component {
  readonly image: dockerBuild.Image;
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: UpstreamImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:build:UpstreamImage", name, opts);
    const spec = upstreamImageSpec(name, args);

    this.image = this.child(
      dockerBuild.Image,
      "copy",
      { ...spec, ...registries(args.login) },
      { retainOnDelete: true, transform: args.transform?.image },
    );
    this.reference = pulumi.interpolate`${args.repository}@${this.image.digest}`;
    this.registerOutputs({ reference: this.reference });
  }
}

function registries(login: RegistryLogin | undefined): Pick<dockerBuild.ImageArgs, "registries"> {
  return login ? { registries: [{ ...login, password: pulumi.secret(login.password) }] } : {};
}
