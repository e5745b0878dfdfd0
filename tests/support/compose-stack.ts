import { LocalWorkspace, PulumiCommand, type OpMap, type Stack } from "@pulumi/pulumi/automation";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataVolumes } from "../../providers/compose/owner";
import { findDocker } from "../../tools/docker";
import { findPulumi } from "../../tools/pulumi";
import { connected } from "./connected";
import { limit } from "./wait";

export const ROOT = join(__dirname, "..", "..");

const say = (line: string) => {
  console.log(`      ${line}`);
};

/** Makes this process use the machine's Docker, or the lab's, with these images. */
export async function useDocker(images: readonly string[] = []): Promise<void> {
  Object.assign(process.env, (await findDocker(say, { images })).env);
}

/** A stack of the real engine and the real provider, with separate state and data folders. */
export class TestStack {
  private constructor(
    readonly project: string,
    readonly folder: string,
    readonly env: Record<string, string>,
    readonly stack: Stack,
    private readonly current: { program: () => unknown },
  ) {}

  static async create(project: string): Promise<TestStack> {
    const folder = mkdtempSync(join(tmpdir(), "longshore-compose-"));
    const env = {
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "only for this test",
      XDG_DATA_HOME: join(folder, "data"),
    };
    await useDocker();
    const pulumi = await findPulumi(say);
    // The Automation API does not write plugins into the settings.
    const plugin = join(ROOT, "providers", "compose");
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      JSON.stringify({
        name: "compose-test",
        runtime: "nodejs",
        plugins: { providers: [{ name: "compose", path: plugin }] },
      }),
    );
    const current = { program: (): unknown => undefined };
    const stack = await LocalWorkspace.createOrSelectStack(
      {
        stackName: "test",
        projectName: "compose-test",
        program: () => Promise.resolve().then(() => current.program() as Record<string, unknown>),
      },
      {
        workDir: folder,
        envVars: env,
        pulumiCommand: await PulumiCommand.get({ root: pulumi.root }),
      },
    );
    return new TestStack(project, folder, env, stack, current);
  }

  /** Sets the program of the following operations. */
  set program(program: () => unknown) {
    this.current.program = program;
  }

  /** Runs `up`. Returns its output and its changes. */
  async up(): Promise<{ text: string; changes: OpMap }> {
    let text = "";
    const result = await connected(() =>
      this.stack.up({
        onOutput: (chunk) => (text += chunk),
        onError: (chunk) => (text += chunk),
      }),
    );
    return { text, changes: result.summary.resourceChanges ?? {} };
  }

  /** Runs an `up` that must fail. Returns its output. Calls `watch` with all output so far after each chunk. */
  async upFails(watch: (output: string) => void = () => undefined): Promise<string> {
    return failing("up", (onOutput) => this.stack.up({ onOutput, onError: onOutput }), watch);
  }

  async preview(): Promise<string> {
    let text = "";
    const onOutput = (chunk: string) => (text += chunk);
    // Warnings are on standard error.
    await connected(() => this.stack.preview({ diff: true, onOutput, onError: onOutput }));
    return text;
  }

  async previewFails(): Promise<string> {
    return failing("preview", (onOutput) => this.stack.preview({ onOutput, onError: onOutput }));
  }

  async refresh(): Promise<string> {
    let text = "";
    await connected(() => this.stack.refresh({ onOutput: (chunk) => (text += chunk) }));
    return text;
  }

  /** Files of the state with backups and history. The engine's export would decrypt secrets. */
  state(): string {
    const folder = join(this.folder, ".pulumi");
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** Ids of the running containers of a service, sorted. */
  running(service: string): string[] {
    return lines(
      "ps",
      "--quiet",
      "--filter",
      `label=com.docker.compose.project=${this.project}`,
      "--filter",
      `label=com.docker.compose.service=${service}`,
    ).sort();
  }

  /** Ids of all containers of the project or of one service, running or stopped, sorted. */
  containers(service?: string): string[] {
    const filters = [`label=com.docker.compose.project=${this.project}`];
    if (service !== undefined) {
      filters.push(`label=com.docker.compose.service=${service}`);
    }
    return lines("ps", "--all", "--quiet", ...filters.flatMap((filter) => ["--filter", filter])).sort();
  }

  networks(): string[] {
    return lines("network", "ls", "--quiet", "--filter", `label=com.docker.compose.project=${this.project}`);
  }

  /** Listens on a port in this process. */
  listen(port: number): Promise<Server> {
    return new Promise((resolve) => {
      const server = createServer().listen(port, "127.0.0.1", () => {
        resolve(server);
      });
    });
  }

  /** Names of the volumes with data. */
  volumes(): string[] {
    return dataVolumes(this.allVolumes().join("\n"));
  }

  private allVolumes(): string[] {
    return lines("volume", "ls", "--quiet", "--filter", `label=com.docker.compose.project=${this.project}`);
  }

  /** Removes everything that the test may have created. */
  remove(): void {
    const ids = this.containers();
    if (ids.length > 0) {
      docker("rm", "--force", "--volumes", ...ids);
    }
    for (const id of this.networks()) {
      docker("network", "rm", id);
    }
    for (const name of this.allVolumes()) {
      docker("volume", "rm", name);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function failing(
  what: string,
  run: (onOutput: (chunk: string) => void) => Promise<unknown>,
  watch: (output: string) => void = () => undefined,
): Promise<string> {
  let text = "";
  try {
    await connected(() =>
      run((chunk) => {
        text += chunk;
        watch(text);
      }),
    );
  } catch {
    return text;
  }
  throw new Error(`${what} was expected to fail, and did not:\n${text}`);
}

export function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

function lines(...args: string[]): string[] {
  return docker(...args)
    .split("\n")
    .filter((line) => line !== "");
}

/** A currently unused port. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** Sends requests continuously until stopped, and counts the failed ones. */
export class Load {
  requests = 0;
  readonly failures: string[] = [];
  readonly answers = new Set<string>();
  private isStopped = false;
  private readonly workers: Promise<void>[];

  constructor(url: string, workers = 4) {
    this.workers = Array.from({ length: workers }, () => this.work(url));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.workers);
  }

  private async work(url: string): Promise<void> {
    while (!this.isStopped) {
      this.requests += 1;
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(limit(10_000)) });
        const text = await answer.text();
        if (answer.ok) {
          this.answers.add(text.trim());
        } else {
          this.failures.push(`${answer.status} ${text.trim()}`);
        }
      } catch (error) {
        this.failures.push(String((error as Error).cause ?? error));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
