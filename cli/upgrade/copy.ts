import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectContainers } from "../../providers/compose/containers";
import type { Document, DocumentService } from "../../providers/compose/inputs";
import { startContainer, stopContainers } from "../../providers/compose/start-stop";
import { UPGRADE_PORT } from "../../render/backup/upgrade";
import { run } from "../../tools/process";
import { Failure } from "../support/failure";
import type { Engine } from "../compose/docker";

/** The new server's differences from the old one. */
export interface Target {
  readonly image: string;
  /** Mount path of the volume. */
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Name of an existing volume. @default - a volume that is removed with the copy */
  readonly volume?: string;
}

/** Where the old server is: a running container, or a volume that a server without a network is started on. */
export type Source = { readonly container: string } | { readonly volume: string };

/** Keys that would connect the servers to the system or to the outside. */
const DROPPED = ["ports", "networks", "container_name", "depends_on", "profiles", "build", "labels"];
const PATIENCE_MS = 5 * 60_000;

/**
 * The Compose document of an upgrade: the old server, unless it runs, and the new one in its network. Nothing else can
 * reach them.
 */
export function copyDocument(
  { services: all, ...rest }: Document,
  store: string,
  source: Source,
  target: Target,
): object {
  const original = all[store];
  if (original === undefined) {
    throw new Error(`internal: the document has no service ${store}`);
  }
  const entries = Object.entries(original).filter(([key]) => !DROPPED.includes(key));
  const common = { ...Object.fromEntries(entries), restart: "no" };
  const mount = (source: string, path: string) => [{ type: "volume", source, target: path }];
  const command = Array.isArray(original.command) ? original.command : ["postgres"];
  return {
    ...rest,
    name: undefined,
    networks: undefined,
    services: {
      ...("volume" in source && {
        source: {
          ...common,
          network_mode: "none",
          volumes: mount("source", mountPath(original, source.volume)),
        },
      }),
      target: {
        ...common,
        image: target.image,
        network_mode: "volume" in source ? "service:source" : `container:${source.container}`,
        environment: { ...environmentOf(original), ...target.environment, PGPORT: String(UPGRADE_PORT) },
        // The copy must not write to the archive of the original.
        command: [...(command as unknown[]), "-c", "archive_mode=off"],
        volumes: mount("target", target.path),
      },
    },
    volumes: {
      ...("volume" in source && { source: { external: true, name: source.volume } }),
      target: target.volume === undefined ? {} : { external: true, name: target.volume },
    },
  };
}

/** Mount path of the volume with the data. */
function mountPath({ volumes = [] }: DocumentService, volume: string): string {
  const mounts = volumes as readonly { type?: string; source?: string; target?: string }[];
  const path = mounts.find(
    ({ type, source }) => type === "volume" && volume.endsWith(`_${source ?? ""}`),
  )?.target;
  if (path === undefined) {
    throw new Error(`internal: the datastore does not mount ${volume}`);
  }
  return path;
}

function environmentOf({ environment }: DocumentService): Readonly<Record<string, unknown>> {
  return typeof environment === "object" && environment !== null
    ? (environment as Record<string, unknown>)
    : {};
}

/** The temporary servers of an upgrade, in a Compose project of their own. */
export class Copy {
  private readonly file: string;

  constructor(
    private readonly engine: Engine,
    readonly project: string,
    /** Folder of the release that the original was created from. */
    private readonly folder: string,
  ) {
    this.file = join(folder, ".upgrade.json");
  }

  /** Creates the containers. Starts nothing. */
  async create(document: object): Promise<void> {
    // JSON is valid YAML that every parser reads the same way.
    writeFileSync(this.file, JSON.stringify(document), { mode: 0o600 });
    await this.compose("create", "--no-build", "--pull", "never");
  }

  /** Starts one of the servers. @returns the id of its container @throws UserError if its volume is in use */
  async start(service: "source" | "target"): Promise<string> {
    const id = (await this.compose("ps", "--all", "--quiet", "--no-trunc", service)).trim();
    await startContainer(id);
    return id;
  }

  /** Stops a server and checks that it has written everything. @throws Failure */
  async stop(id: string): Promise<void> {
    await stopContainers(await inspectContainers([id]));
    const [container] = await inspectContainers([id]);
    if (container?.exitCode !== 0) {
      throw new Failure(
        `the new server did not stop cleanly (exit code ${container?.exitCode ?? "unknown"})`,
      );
    }
  }

  /** Last lines of the log of the new server. */
  async log(): Promise<string> {
    const { stdout, stderr } = await this.run("logs", "--no-log-prefix", "--tail", "5", "target");
    return `${stdout}${stderr}`.trim();
  }

  /** Removes the servers and the volumes that belong to them. Also after a killed command. */
  async remove(): Promise<void> {
    const filter = ["--filter", `label=com.docker.compose.project=${this.project}`];
    const listed = await this.docker("ps", "--all", "--quiet", "--no-trunc", ...filter);
    const ids = listed.split("\n").filter((id) => id !== "");
    await stopContainers(await inspectContainers(ids));
    if (ids.length > 0) {
      await this.docker("rm", "--volumes", ...ids);
    }
    const volumes = (await this.docker("volume", "ls", "--quiet", ...filter)).split("\n");
    const own = volumes.filter((name) => name !== "");
    if (own.length > 0) {
      await this.docker("volume", "rm", ...own);
    }
    rmSync(this.file, { force: true });
  }

  private async compose(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code !== 0) {
      const last = stderr.trim().split("\n").slice(-5);
      throw new Failure([`upgrade: ${words[0]} failed`, ...last].join("\n  "));
    }
    return stdout;
  }

  private run(...words: string[]) {
    const own = ["compose", "--project-name", this.project, "--project-directory", this.folder];
    return run("docker", [...own, "--file", this.file, ...words], this.options());
  }

  private async docker(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await run("docker", words, this.options());
    if (code !== 0) {
      throw new Failure(`docker ${words[0]}: ${stderr.trim()}`);
    }
    return stdout;
  }

  private options() {
    return { env: this.engine.env, timeoutMs: PATIENCE_MS, detached: true };
  }
}
