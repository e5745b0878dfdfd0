import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { buildPackage } from "../../tools/package/build";
import { startOfflineProviders, type OfflineProviders } from "../../offline";
import { repoRoot } from "../../tools/paths";
import { findPulumi } from "../../tools/pulumi";
import { yamlText } from "../../yaml/write";

const execute = promisify(execFile);

/** What a preview of one example printed and planned. */
export interface Preview {
  /** Operation and name of every resource, sorted: `create main-vpc`. */
  readonly changes: readonly string[];
  readonly errors: readonly string[];
}

/** A Pulumi program outside the checkout that has nothing but the packed components, as their users have them. */
export class ExternalProgram {
  private constructor(
    readonly folder: string,
    private readonly command: string,
    private readonly policyPack: string,
    private readonly providers: OfflineProviders,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * Packs the components, installs the tarball into an empty folder, and compiles these TypeScript files there.
   *
   * @param sources a folder of the checkout
   * @param policyPack the folder of the policy pack that checks the previews
   */
  static async create(sources: string, policyPack: string): Promise<ExternalProgram> {
    const folder = await mkdtemp(join(tmpdir(), "longshore-program-"));
    const [{ root, command }, providers] = await Promise.all([
      findPulumi(() => undefined),
      startOfflineProviders(),
    ]);
    const state = join(folder, "state");
    const env = {
      ...process.env,
      ...providers.env,
      PATH: [policyPack, join(root, "bin"), process.env.PATH ?? ""].join(delimiter),
      PULUMI_CONFIG_PASSPHRASE: "for this test only",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${state}`,
    };
    const program = new ExternalProgram(folder, command, policyPack, providers, env);
    try {
      await mkdir(state);
      await program.install();
      await program.compile(sources);
      return program;
    } catch (error) {
      await program.remove();
      throw error;
    }
  }

  /** Previews each function that `index.js` exports as `examples`, in one process, and checks it with the policy pack. */
  async previewEach(): Promise<ReadonlyMap<string, Preview>> {
    await cp(join(__dirname, "external-program.cjs"), join(this.folder, "preview.cjs"));
    const stdout = await this.run(process.execPath, ["preview.cjs", this.policyPack]);
    const previews = JSON.parse(stdout.slice(stdout.lastIndexOf("\n{") + 1)) as Record<string, Preview>;
    return new Map(Object.entries(previews));
  }

  /** `pulumi preview`, typed by hand, of a program in this file. @returns its output */
  async preview(main: string): Promise<string> {
    await writeFile(
      join(this.folder, "Pulumi.yaml"),
      yamlText({
        name: "external",
        runtime: { name: "nodejs", options: { typescript: false } },
        main,
        plugins: { providers: [{ name: "compose", path: "./node_modules/@longshore/components/compose" }] },
      }),
    );
    await this.run(this.command, ["stack", "init", "dev", "--non-interactive"]);
    return this.run(this.command, ["preview", "--stack", "dev", "--non-interactive", "--color", "never"]);
  }

  async remove(): Promise<void> {
    this.providers.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async install(): Promise<void> {
    const root = repoRoot();
    const packed = await this.run("npm", ["pack", await buildPackage(), "--silent"]);
    const tarball = packed.trim().split("\n").at(-1) ?? "";
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    // The versions that the suite uses everywhere: newer ones of the ranges are not this test's subject.
    const sdks = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith("@pulumi/"));
    const dependencies = { "@longshore/components": `file:${tarball}`, ...Object.fromEntries(sdks) };
    await writeFile(join(this.folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    await this.run("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]);
  }

  private async compile(sources: string): Promise<void> {
    await cp(sources, this.folder, { recursive: true, filter: (file) => !file.endsWith(".md") });
    const options = {
      compilerOptions: {
        ...{ module: "Node16", moduleResolution: "Node16", target: "ES2022", strict: true },
        // The SDKs' own types are not this test's subject; the package's are checked where they are used.
        ...{ skipLibCheck: true, types: [] },
      },
      include: ["*.ts"],
    };
    // Not tsconfig.json, which Pulumi's own compiler would read.
    await writeFile(join(this.folder, "tsconfig.build.json"), JSON.stringify(options));
    await this.run(join(repoRoot(), "node_modules", ".bin", "tsc"), ["--project", "tsconfig.build.json"]);
  }

  private async run(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execute(command, args, {
      cwd: this.folder,
      env: this.env,
      maxBuffer: 2 ** 26,
    }).catch((error: unknown) => {
      const { stdout: printed = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(" ")} failed in ${this.folder}:\n${printed}\n${stderr}`);
    });
    return stdout;
  }
}
