import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { startOfflineProviders, type OfflineOptions, type OfflineProviders } from "../../offline";
import type { CommandResult } from "../../tools/process";
import { findPulumi } from "../../tools/pulumi";
import { Checkout } from "./checkout";

const SETTINGS = `config:
  longshore:domain: example.com
  longshore:systems: [todo]
  longshore:gcp:
    project: example-prod
`;

/**
 * A checkout whose stack prod is deployed by the real engine with a real state. Stand-ins pretend to create the
 * resources of Google Cloud and of a cluster.
 */
export class CloudCheckout extends Checkout {
  readonly state = join(this.folder, "state");
  /** Makes the creation or update of matching resources fail with the returned reason. */
  breaks: OfflineOptions["breaks"] | undefined;
  env: Record<string, string> = {};
  private providers: OfflineProviders | undefined;

  async open(): Promise<this> {
    mkdirSync(this.state);
    const [providers, { command }] = await Promise.all([
      startOfflineProviders({
        allowApply: true,
        breaks: (subject) => this.breaks?.(subject),
      }),
      findPulumi(() => undefined),
    ]);
    this.providers = providers;
    this.env = {
      ...providers.env,
      PATH: [dirname(command), process.env.PATH].join(delimiter),
      PULUMI_BACKEND_URL: `file://${this.state}`,
      PULUMI_CONFIG_PASSPHRASE: "for this test only",
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    return this;
  }

  /** Creates the stack with only todo and its secret, and commits the settings. */
  async initProd(): Promise<void> {
    this.write("Pulumi.prod.yaml", SETTINGS);
    const made = await this.cloud(
      "bash",
      "-c",
      "pulumi stack init prod && bin/longshore secrets set todo.openai-api-key --stack prod <<< sk-test",
    );
    if (made.code !== 0) {
      throw new Error(made.stdout + made.stderr);
    }
    this.commit("Describe prod");
  }

  cloud(command: string, ...args: string[]): Promise<CommandResult> {
    return this.runWith(this.env, command, ...args);
  }

  edit(file: string, from: string, to: string): void {
    const text = readFileSync(join(this.root, file), "utf8");
    if (!text.includes(from)) {
      throw new Error(`${file} has no ${from}`);
    }
    this.write(file, text.replace(from, to));
  }

  /** Commits all changes. Returns the commit's hash. */
  commit(subject: string): string {
    this.git("add", "-A");
    this.git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", subject);
    return this.git("rev-parse", "HEAD").trim();
  }

  /** The deployed log level of the backend, read from the state of prod. */
  deployedLogLevel(): Promise<string | undefined> {
    return this.inState(/"name":\s*"LOG_LEVEL",\s*"value":\s*"(\w+)"/);
  }

  /** The deployed login of the application, `a` or `b`, read from the state of prod. */
  databaseLogin(): Promise<string | undefined> {
    return this.inState(/ALTER ROLE todo_app_(\w) LOGIN/);
  }

  private async inState(pattern: RegExp): Promise<string | undefined> {
    const { stdout } = await this.cloud("pulumi", "stack", "export", "--stack", "prod");
    return pattern.exec(stdout)?.[1];
  }

  close(): void {
    this.providers?.close();
    this.remove();
  }
}
