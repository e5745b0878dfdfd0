import { LocalWorkspace, PulumiCommand, type OpMap, type Stack } from "@pulumi/pulumi/automation";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDocker } from "../../tools/docker";
import { findPulumi } from "../../tools/pulumi";

export const ROOT = join(__dirname, "..", "..");

/** A stack of the real engine with the real provider, with its own state and data folders. */
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
    const say = (line: string) => {
      console.log(`      ${line}`);
    };
    // Commands of the tests use the same engine.
    Object.assign(process.env, (await findDocker(say)).env);
    const pulumi = await findPulumi(say);
    // Plugins are no part of the settings that the Automation API writes.
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
        program: async () => current.program() as Record<string, unknown>,
      },
      {
        workDir: folder,
        envVars: env,
        pulumiCommand: await PulumiCommand.get({ root: pulumi.root }),
      },
    );
    return new TestStack(project, folder, env, stack, current);
  }

  /** The program that the next operations run. */
  set program(program: () => unknown) {
    this.current.program = program;
  }

  /** Runs `up`, and returns what it printed and what it did. */
  async up(): Promise<{ text: string; changes: OpMap }> {
    let text = "";
    const result = await this.stack.up({
      onOutput: (chunk) => (text += chunk),
      onError: (chunk) => (text += chunk),
    });
    return { text, changes: (result.summary.resourceChanges ?? {}) as OpMap };
  }

  /** Runs an `up` that must fail, and returns what it printed. */
  async upFails(): Promise<string> {
    let text = "";
    try {
      await this.stack.up({ onOutput: (chunk) => (text += chunk), onError: (chunk) => (text += chunk) });
    } catch {
      return text;
    }
    throw new Error(`up was expected to fail, and did not:\n${text}`);
  }

  /** The state as it is on disk. */
  async state(): Promise<string> {
    return JSON.stringify(await this.stack.exportStack());
  }

  /** Ids of the running containers of a service, sorted. */
  running(service: string): string[] {
    return docker(
      "ps",
      "--quiet",
      "--filter",
      `label=com.docker.compose.project=${this.project}`,
      "--filter",
      `label=com.docker.compose.service=${service}`,
    )
      .split("\n")
      .filter((id) => id !== "")
      .sort();
  }

  /** Ids of all containers of the project. */
  containers(): string[] {
    return docker("ps", "--all", "--quiet", "--filter", `label=com.docker.compose.project=${this.project}`)
      .split("\n")
      .filter((id) => id !== "")
      .sort();
  }

  volumes(): string[] {
    return docker("volume", "ls", "--quiet", "--filter", `label=com.docker.compose.project=${this.project}`)
      .split("\n")
      .filter((name) => name !== "");
  }

  /** Leaves nothing behind, whatever the test did. */
  remove(): void {
    const ids = this.containers();
    if (ids.length > 0) {
      docker("rm", "--force", "--volumes", ...ids);
    }
    const networks = docker(
      "network",
      "ls",
      "--quiet",
      "--filter",
      `label=com.docker.compose.project=${this.project}`,
    );
    for (const id of networks.split("\n").filter((one) => one !== "")) {
      docker("network", "rm", id);
    }
    for (const name of this.volumes()) {
      docker("volume", "rm", name);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** A port that nobody listens on just now. */
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

/** Asks an address again and again until stopped, and counts what failed. */
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
        const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
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
