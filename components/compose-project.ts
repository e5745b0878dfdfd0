import * as pulumi from "@pulumi/pulumi";
import type { BakeDocument } from "../render/bake/document";
import type { ComposeDocument } from "../render/compose/document";

export interface ComposeProjectArgs {
  /** Name of the Compose project. A new name replaces the project: the old one is removed. */
  project: string;
  /** A Compose document, as data or as YAML. Must not contain secrets. */
  document: ComposeDocument | string;
  /** Configuration files next to the document, by path. @default {} */
  files?: Readonly<Record<string, string>>;
  /**
   * Secret files next to the document, by a path below `secrets/`: mode 0400, owned by a numeric user. With `live`, new
   * content is written into the file of the running container, and the container is not replaced. @default {}
   */
  secretFiles?: Readonly<Record<string, { content: pulumi.Input<string>; user: number; live?: boolean }>>;
  /**
   * How missing images are built. A change of this argument alone changes nothing.
   * @default - from the document's build sections
   */
  bake?: BakeDocument;
  /** Environment of the document's build sections, such as VERSION. Like `bake`, a change alone changes nothing. @default {} */
  buildArgs?: Readonly<Record<string, string>>;
  /**
   * Time limit in seconds for each service to become healthy.
   * @default - what its health check allows (start period and retries), and at least 300
   */
  waitSeconds?: number;
  /** Whether deleting the project leaves its volumes. @default true */
  keepVolumes?: boolean;
  /** Generations of secrets that this deployment uses, by secret. A record for the next rotation. @default {} */
  generations?: Readonly<Record<string, number>>;
  /** By published port: the setting that selects it and an alternative for when it is in use. @default {} */
  portSettings?: Readonly<Record<string, { setting: string; value: number }>>;
}

/** A running service. */
export interface ComposeServiceState {
  /** `running` or `completed` when healthy; otherwise a description of the problem. */
  state: string;
  /** ID of its image. */
  image: string;
}

/**
 * A Compose project on this machine's Docker Engine. Builds or pulls missing images and updates services one by one; the
 * old container stops after the new one is ready. When a service fails, the resource fails and the previous version keeps
 * running.
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
