import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { Component, type Transform } from "./component";
import { imageSpec, upstreamImageSpec, type ImageSpecArgs, type Platform } from "./image.spec";

/** How to log in to the registry that an image is pushed to. @default - the credentials of the machine's Docker */
export interface RegistryLogin {
  address: string;
  username: pulumi.Input<string>;
  /** Kept as a secret whatever is given. */
  password: pulumi.Input<string>;
}

export interface ImageArgs extends ImageSpecArgs {
  /** References of images that this one is built upon, such as `other.reference`, by what `FROM` calls them. @default {} */
  bases?: Readonly<Record<string, pulumi.Input<string>>>;
  login?: RegistryLogin;
  transform?: { image?: Transform<dockerBuild.ImageArgs> };
}

/**
 * Builds an image for all platforms and pushes it. Nothing is built in a preview, and nothing is built again
 * while the source stays the same. The image stays in the registry when it leaves the program, so that what
 * runs can be restarted and rolled back.
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
  /** `repository@sha256:…`: what a deployment refers to. */
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
  /** `repository:tag` as it is published, with a fixed version. */
  reference: string;
  /** Full name in our registry, without tag. */
  repository: string;
  /** @default ["linux/amd64", "linux/arm64"] */
  platforms?: readonly Platform[];
  login?: RegistryLogin;
  transform?: { image?: Transform<dockerBuild.ImageArgs> };
}

/**
 * A copy of a published image in our registry. What runs is then a digest of ours, and neither an outage nor a
 * moved tag of a public registry can change it.
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
