import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import { planSystem } from "../../catalog/plan";
import { startOfflineProviders, type OfflineProviders } from "../../offline";
import { planSettings, readSettings } from "../../settings";
import type { SystemDefinition } from "../../catalog/types";
import { todo } from "../../stacks/todo";
import { deployCloud } from "../../targets/cloud";
import { findPulumi } from "../../tools/pulumi";
import { connected } from "./connected";

/** Inputs that a test changes between two updates. */
export interface CloudInputs {
  /** Values below `longshore:` in the stack file. */
  values?: Record<string, unknown>;
  openaiKey?: string;
  /** Systems of the stack. @default - todo */
  definitions?: Readonly<Record<string, SystemDefinition>>;
  /** Stands for the content of the images' sources. */
  sources?: Partial<Record<"backend" | "frontend", string>>;
}

/** A resource in the state. */
export interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  readonly parent?: string;
  /** URN and ID of the provider, separated by `::`. */
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

export interface Outcome {
  /** Operation and name of every changed resource, sorted: `update todo-backend-deployment`. */
  readonly changes: readonly string[];
  /** Messages of errors. */
  readonly errors: readonly string[];
  readonly failed: boolean;
}

type Operation = (observe: {
  onEvent: (event: automation.EngineEvent) => void;
  onOutput: (text: string) => void;
}) => Promise<unknown>;

const ANALYZER = path.join(__dirname, "..", "..", "policy", "analyzer");

/** A stack with the real engine, a real state and the real program. Providers only pretend to create resources. */
export class CloudStack {
  /** All output of the engine. */
  printed = "";

  private constructor(
    private readonly stack: automation.Stack,
    private readonly providers: OfflineProviders,
    private readonly folder: string,
    private readonly command: string,
    private readonly env: Record<string, string>,
  ) {}

  static async open({ allowApply }: { allowApply: boolean }): Promise<CloudStack> {
    const folder = await mkdtemp(path.join(tmpdir(), "longshore-cloud-"));
    const [providers, { root, command }] = await Promise.all([
      startOfflineProviders({ allowApply }),
      findPulumi(() => undefined),
    ]);
    const env = {
      ...providers.env,
      PATH: [ANALYZER, process.env.PATH].join(path.delimiter),
      PULUMI_CONFIG_PASSPHRASE: "for this test only",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_HOME: path.join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${folder}`,
    };
    const workspace = await automation.LocalWorkspace.create({
      workDir: folder,
      projectSettings: { name: "longshore", runtime: "nodejs", backend: { url: `file://${folder}` } },
      pulumiCommand: await automation.PulumiCommand.get({ root }),
      envVars: env,
    });
    const stack = await automation.Stack.create("prod", workspace);
    return new CloudStack(stack, providers, folder, command, env);
  }

  /** Runs a preview, which checks every resource with the policy pack. A violation is an error. */
  preview(inputs: CloudInputs = {}): Promise<Outcome> {
    return this.previewProgram(programFor(inputs));
  }

  previewProgram(program: automation.PulumiFn): Promise<Outcome> {
    const policyPacks = [ANALYZER];
    return this.run((observe) => this.stack.preview({ program, policyPacks, ...observe }));
  }

  up(inputs: CloudInputs = {}): Promise<Outcome> {
    return this.upProgram(programFor(inputs));
  }

  upProgram(program: automation.PulumiFn): Promise<Outcome> {
    return this.run((observe) => this.stack.up({ program, ...observe }));
  }

  /** Runs an update and kills the engine after a number of started operations, like a power failure. */
  async upKilled(inputs: CloudInputs, operations: number): Promise<Outcome> {
    let begun = 0;
    const killing = (event: automation.EngineEvent): void => {
      begun += event.resourcePreEvent ? 1 : 0;
      if (begun === operations) {
        enginesOf(process.pid).forEach((pid) => process.kill(pid, "SIGKILL"));
      }
    };
    return this.observed((observe) => {
      const onEvent = (event: automation.EngineEvent): void => {
        observe.onEvent(event);
        killing(event);
      };
      return this.stack.up({ program: programFor(inputs), ...observe, onEvent });
    });
  }

  /** Recovers as an operator would: removes the lock and clears pending operations. */
  async recover(): Promise<Outcome> {
    await this.stack.cancel();
    return this.run((observe) => this.stack.refresh({ ...observe, clearPendingCreates: true }));
  }

  /** Number of operations that were pending when the engine ended. */
  async pendingOperations(): Promise<number> {
    const exported = await this.stack.exportStack();
    const state = exported.deployment as { pending_operations?: unknown[] };
    return (state.pending_operations ?? []).length;
  }

  refresh(): Promise<Outcome> {
    return this.run((observe) => this.stack.refresh(observe));
  }

  /** Runs the preview of `pulumi destroy`, which the Automation API omits. */
  previewDestroy(): Promise<Outcome> {
    return this.run((observe) => this.stack.destroy({ ...observe, previewOnly: true }));
  }

  destroy(): Promise<Outcome> {
    return this.run((observe) => this.stack.destroy(observe));
  }

  async resources(): Promise<StateResource[]> {
    const exported = await this.stack.exportStack();
    const state = exported.deployment as { resources?: StateResource[] };
    return state.resources ?? [];
  }

  /** All values that the state stores encrypted, including the program's own. */
  async secretValues(): Promise<string[]> {
    const options = ["stack", "export", "--show-secrets", "--stack", "prod", "--non-interactive"];
    const env = { ...process.env, ...this.env };
    const { stdout } = await promisify(execFile)(this.command, options, {
      cwd: this.folder,
      env,
      maxBuffer: 2 ** 26,
    });
    const found = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value === "object" && value !== null) {
        const plaintext: unknown = "plaintext" in value ? value.plaintext : undefined;
        if (typeof plaintext === "string") {
          scalars(JSON.parse(plaintext)).forEach((text) => found.add(text));
        }
        Object.values(value).forEach(collect);
      }
    };
    collect(JSON.parse(stdout));
    return [...found];
  }

  /** All files of the state, its history and its backups, as one text. */
  async stateFiles(): Promise<string> {
    const files = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFile(path.join(file.parentPath, file.name), "utf8"));
    return (await Promise.all(texts)).join("\n");
  }

  async close(): Promise<void> {
    this.providers.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private run(operation: Operation): Promise<Outcome> {
    return this.observed((observe) => connected(() => operation(observe)));
  }

  private async observed(operation: Operation): Promise<Outcome> {
    const changes = new Set<string>();
    const errors: string[] = [];
    const observe = {
      onOutput: (text: string) => {
        this.printed += text;
      },
      onEvent: ({ resourcePreEvent, diagnosticEvent, policyEvent }: automation.EngineEvent) => {
        const { op, urn } = resourcePreEvent?.metadata ?? {};
        if (op && urn && !["same", "read", "refresh"].includes(op)) {
          changes.add(`${op} ${urn.slice(urn.lastIndexOf("::") + 2)}`);
        }
        if (diagnosticEvent?.severity === "error") {
          errors.push(diagnosticEvent.message);
        }
        if (policyEvent) {
          errors.push(`${policyEvent.policyName}: ${policyEvent.message}`);
        }
      },
    };
    const run = () => {
      errors.length = 0;
      return operation(observe);
    };
    const failed = await run().then(
      () => false,
      (error: unknown) => {
        errors.push(error instanceof Error ? error.message : String(error));
        return true;
      },
    );
    return { changes: [...changes].sort(), errors, failed };
  }
}

function programFor({
  values = {},
  openaiKey = OPENAI_KEY,
  sources = {},
  definitions = { todo },
}: CloudInputs) {
  return (): Promise<Record<string, unknown>> => {
    const secrets = "todo" in definitions ? { todo: { "openai-api-key": openaiKey } } : {};
    const defaults = { domain: "example.com", gcp: { project: "example-prod" }, secrets };
    const settings = readSettings({ stack: "prod", values: { ...defaults, ...values } }, definitions);
    const plans = settings.systems.flatMap((name) => {
      const definition = definitions[name];
      return definition ? [planSystem(definition, planSettings(settings, name))] : [];
    });
    const outputs = deployCloud(plans, {
      settings,
      secretValue: (_system, name) => (name === "openai-api-key" ? pulumi.secret(openaiKey) : undefined),
      describeSource: ({ context }) => {
        const image = path.basename(context) as "backend" | "frontend";
        return {
          hash: (sources[image] ?? image).padEnd(64, "0"),
          revision: "4f2c1a0",
          created: "2026-11-20T12:00:00Z",
        };
      },
    });
    return Promise.resolve(outputs);
  };
}

/** Long and unusual enough to be found only where it leaked, in any encoding. */
export const OPENAI_KEY = "sk-test/ä7+9f3Q?x==&leak-detector";

function scalars(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(scalars) : [];
}

function enginesOf(parent: number): number[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, of, ...command]) => Number(of) === parent && command.join(" ").includes("pulumi up"))
    .map(([pid]) => Number(pid));
}
