import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planSystem } from "../../catalog/plan";
import { publishedImages } from "../../cli/images/published";
import { systems } from "../../stacks";
import { run, type Ran } from "../../tools/process";
import { startLabProviders, type LabOptions, type LabProviders } from "../../tools/lab/providers";
import { ClusterClient } from "../../tools/lab/providers/cluster-client";
import { findPulumi } from "../../tools/pulumi";
import { Checkout } from "./checkout";
import { useDocker } from "./compose-stack";
import { limit } from "./wait";

const SCRIPT = join(__dirname, "..", "..", "tools", "lab", "kubernetes", "kubernetes.sh");
/** The node may have to be built first. */
const BUILD_MS = 30 * 60_000;

/** The lab's Kubernetes node: a real API server, a real kubelet. */
export interface LabNode {
  /** What kubectl and the stand-in providers need. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: ClusterClient;
  kubectl(...args: string[]): Promise<string>;
}

/** Starts the node where it does not run. @throws Error in one line when this machine cannot have it */
export async function startNode(): Promise<LabNode> {
  // The runner starts it once for all files, and stops it at its end.
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
  // The stand-ins, in this process, find the cluster as the real plugins do.
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

/** Ends the node and all that runs on it. */
export async function stopNode(): Promise<void> {
  if (process.env["LONGSHORE_TEST_NODE"] === "shared") {
    return;
  }
  const { code, stderr } = await run(SCRIPT, ["down"], { timeoutMs: limit(180_000) });
  assert.equal(code, 0, stderr);
}

export interface ClusterStackOptions {
  /** What the stack runs. */
  readonly system: string;
  /** Settings of the stack beside those that lead to the node, as YAML lines below `config:`. @default [] */
  readonly settings?: readonly string[];
  /** How long a rollout may take before it has failed. @default ten minutes */
  readonly patienceMs?: number;
}

/** Published images, which the lab's mirror has to have: on a bare machine they are built now. */
function imagesOf(system: string): string[] {
  const definition = systems[system] ?? assert.fail(`no system ${system}`);
  return publishedImages(
    planSystem(definition, { environment: "dev", target: "kubernetes", domain: DOMAIN }),
  );
}

const DOMAIN = "node.example.com";

/** The name of the stack; a person would have one in the checkout as well. */
export const STACK = "node";

/** A stack on the node: a checkout, the real engine with a state of its own, and the lab's stand-ins for plugins. */
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

  /** Writes the stack's settings, and keeps what the engine put there: how secrets are encrypted. */
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

  longshore(...args: string[]): Promise<Ran> {
    return this.checkout.runWith(this.env, "bin/longshore", ...args, "--stack", STACK);
  }

  /** With text on standard input, such as a secret. */
  longshoreWith(input: string, ...args: string[]): Promise<Ran> {
    return this.checkout.runWithInput(input, this.env, "bin/longshore", ...args, "--stack", STACK);
  }

  /** How long a rollout may take from now on. */
  patience(milliseconds: number): void {
    this.options.patienceMs = milliseconds;
  }

  /** Every file of the state, its history and its backups. */
  stateText(): string {
    const folder = join(this.checkout.folder, ".pulumi");
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** @throws AssertionError when it fails */
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
