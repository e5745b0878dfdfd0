import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planSystem } from "../../catalog/plan";
import { publishedImages } from "../../cli/images/published";
import { systems } from "../../stacks";
import { run, type CommandResult } from "../../tools/process";
import { startLabProviders, type LabOptions, type LabProviders } from "../../lab/providers";
import { ClusterClient } from "../../lab/providers/cluster-client";
import { findPulumi } from "../../tools/pulumi";
import { Checkout } from "./checkout";
import { useDocker } from "./compose-stack";
import { limit } from "./wait";

const SCRIPT = join(__dirname, "..", "..", "lab", "kubernetes", "kubernetes.sh");
/** Timeout of the node's start, which may build the node first. */
const BUILD_MS = 30 * 60_000;

/** The lab's Kubernetes node with a real API server and a real kubelet. */
export interface LabNode {
  /** Environment for kubectl and the stand-in providers. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: ClusterClient;
  kubectl(...args: string[]): Promise<string>;
}

/** Starts the node unless it runs. @throws Error with one line if this machine cannot run it */
export async function startNode(): Promise<LabNode> {
  // The runner starts the node once for all files, and stops it at the end.
  const up = await run(SCRIPT, ["up"], { timeoutMs: limit(BUILD_MS), onLine: console.log });
  const last = up.stderr.trim().split("\n").at(-1) ?? "";
  assert.equal(up.code, 0, `these tests need the lab's Kubernetes node: ${last}`);
  const { stdout } = await run(SCRIPT, ["env"]);
  const env = Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  // The stand-ins in this process find the cluster like the real plugins.
  Object.assign(process.env, env);
  return {
    env,
    client: new ClusterClient(),
    async kubectl(...args) {
      const { code, stdout: said, stderr } = await run("kubectl", args, { timeoutMs: limit(120_000) });
      assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
      return said.trim();
    },
  };
}

/** Stops the node and everything that runs on it. */
export async function stopNode(): Promise<void> {
  if (process.env["LONGSHORE_TEST_NODE"] === "shared") {
    return;
  }
  const { code, stderr } = await run(SCRIPT, ["down"], { timeoutMs: limit(180_000) });
  assert.equal(code, 0, stderr);
}

export interface ClusterStackOptions {
  /** System of the stack. */
  readonly system: string;
  /** Additional settings as YAML lines below `config:`. @default [] */
  readonly settings?: readonly string[];
  /** Milliseconds until a rollout counts as failed. @default ten minutes */
  readonly patienceMs?: number;
}

/** Published images of a system, which the lab's mirror must contain. Builds missing ones. */
function imagesOf(system: string): string[] {
  const definition = systems[system] ?? assert.fail(`no system ${system}`);
  return publishedImages(
    planSystem(definition, { environment: "dev", target: "kubernetes", domain: DOMAIN }),
  );
}

const DOMAIN = "node.example.com";

/** Name of the stack. Its stack file is in the checkout. */
export const STACK = "node";

/** A stack on the node: a checkout, the real engine with a separate state, and the lab's stand-ins for plugins. */
export class ClusterStack {
  private constructor(
    readonly checkout: Checkout,
    private readonly env: Record<string, string>,
    private readonly providers: LabProviders,
    private readonly options: LabOptions,
  ) {}

  static async open({ system, settings = [], patienceMs }: ClusterStackOptions): Promise<ClusterStack> {
    await useDocker(imagesOf(system));
    const checkout = new Checkout();
    const options: LabOptions = { root: checkout.root, ...(patienceMs !== undefined && { patienceMs }) };
    const providers = await startLabProviders(options);
    const env = {
      ...providers.env,
      PULUMI_BACKEND_URL: `file://${checkout.folder}`,
      PULUMI_CONFIG_PASSPHRASE: "for this test only",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    const stack = new ClusterStack(checkout, env, providers, options);
    stack.settings(system, settings);
    const { command } = await findPulumi(console.log);
    const { code, stderr } = await checkout.runWith(
      env,
      command,
      "stack",
      "init",
      STACK,
      "--non-interactive",
    );
    assert.equal(code, 0, stderr);
    return stack;
  }

  /** Writes the stack's settings. Keeps the engine's entries about the encryption of secrets. */
  private settings(system: string, more: readonly string[]): void {
    const architecture = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
    this.checkout.write(
      `Pulumi.${STACK}.yaml`,
      [
        "config:",
        "  longshore:target: kubernetes",
        `  longshore:systems: [${system}]`,
        `  longshore:domain: ${DOMAIN}`,
        "  longshore:registry: 127.0.0.1:5000/longshore-node",
        `  longshore:platforms: [${architecture}]`,
        "  longshore:cluster:",
        "    context: longshore-lab",
        ...more.map((line) => `  ${line}`),
        "",
      ].join("\n"),
    );
  }

  longshore(...args: string[]): Promise<CommandResult> {
    return this.checkout.runWith(this.env, "bin/longshore", ...args, "--stack", STACK);
  }

  /** Runs longshore with text on standard input, such as a secret. */
  longshoreWith(input: string, ...args: string[]): Promise<CommandResult> {
    return this.checkout.runWithInput(input, this.env, "bin/longshore", ...args, "--stack", STACK);
  }

  /** Changes the milliseconds until a rollout counts as failed. */
  patience(milliseconds: number): void {
    this.options.patienceMs = milliseconds;
  }

  /** All files of the state, its history and its backups, as one text. */
  stateText(): string {
    const folder = join(this.checkout.folder, ".pulumi");
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** @throws AssertionError if the command fails */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.longshore(...args, "--json");
    const said = JSON.parse(stdout || "{}") as T & { diagnostics?: readonly { message: string }[] };
    const messages = said.diagnostics?.map(({ message }) => message) ?? [];
    assert.equal(code, 0, [`longshore ${args.join(" ")}: ${stderr}`, ...messages].join("\n"));
    return said;
  }

  async config(path: string, value: string): Promise<void> {
    await this.set(path, "--", value);
  }

  async secretConfig(path: string, value: string): Promise<void> {
    await this.set(path, "--secret", "--", value);
  }

  private async set(path: string, ...more: string[]): Promise<void> {
    const { command } = await findPulumi(console.log);
    const set = ["config", "set", "--non-interactive", "--stack", STACK, "--path", path, ...more];
    const { code, stderr } = await this.checkout.runWith(this.env, command, ...set);
    assert.equal(code, 0, stderr);
  }

  close(): void {
    this.providers.close();
    this.checkout.remove();
  }
}
