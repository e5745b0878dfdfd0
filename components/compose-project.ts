import * as pulumi from "@pulumi/pulumi";
import type { BakeDocument } from "../render/bake/document";
import type { ComposeDocument } from "../render/compose/document";

export interface ComposeProjectArgs {
  /** Name of the Compose project. Another name is another project: the old one is taken down. */
  project: string;
  /** A Compose document, as data or as YAML. Holds no secret. */
  document: ComposeDocument | string;
  /** Configuration files beside the document, by path. @default {} */
  files?: Readonly<Record<string, string>>;
  /**
   * Secret files beside the document, by a path below `secrets/`: mode 0400, owned by a numeric user. With `live`, a new
   * content is written into the file that the running container sees, and the container is not replaced. @default {}
   */
  secretFiles?: Readonly<Record<string, { content: pulumi.Input<string>; user: number; live?: boolean }>>;
  /**
   * How images that are missing are built. Never a reason to change anything by itself.
   * @default - from the document's build sections
   */
  bake?: BakeDocument;
  /** What the document's build sections read from the environment, such as VERSION. As passive as `bake`. @default {} */
  buildArgs?: Readonly<Record<string, string>>;
  /**
   * Longest time in seconds that one service may take to become healthy.
   * @default - what its health check allows (start period and retries), and at least 300
   */
  waitSeconds?: number;
  /** Whether deleting the project leaves its volumes. @default true */
  keepVolumes?: boolean;
  /** Generations of secrets that this deployment uses, by secret. A record for the next rotation. @default {} */
  generations?: Readonly<Record<string, number>>;
  /** By published port: the setting that chooses it, and a value to try when it is taken. @default {} */
  portSettings?: Readonly<Record<string, { setting: string; value: number }>>;
}

/** A service as it runs. */
export interface ComposeServiceState {
  /** `running` or `completed` when all is well; otherwise what is wrong, in words. */
  state: string;
  /** Id of its image. */
  image: string;
}

/**
 * A Compose project on this machine's Docker Engine. Images that are missing are built or pulled; services are
 * brought up to date one by one, each new container ready before the old one goes; a service that fails makes the
 * resource fail and leaves running what ran.
 *
 * @example
 * const project = new ComposeProject("hello", { project: "hello", document: readFileSync("compose.yaml", "utf8") });
 * project.url;  // "http://127.0.0.1:8080"
 */
export class ComposeProject extends pulumi.CustomResource {
  /** Address of the first published port; undefined when none is published. */
  declare readonly url: pulumi.Output<string | undefined>;
  /** By name. */
  declare readonly services: pulumi.Output<Record<string, ComposeServiceState>>;

  constructor(name: string, args: ComposeProjectArgs, opts?: pulumi.CustomResourceOptions) {
    const secretFiles: Record<string, { content: pulumi.Output<string>; user: number; live?: boolean }> = {};
    for (const [path, file] of Object.entries(args.secretFiles ?? {})) {
      secretFiles[path] = { ...file, content: pulumi.secret(file.content) };
    }
    super("compose:index:Project", name, { ...args, secretFiles, url: undefined, services: undefined }, opts);
  }
}
