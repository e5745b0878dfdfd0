import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repoRoot } from "../../tools/paths";
import { lastLine, run } from "../../tools/process";
import { Failure } from "../support/failure";
import { hadolintFindings, trivyFindings, type Finding } from "./findings";

/** Time limit of a scan. Allows for images of two gigabytes on a busy machine. */
const PATIENCE_MS = 30 * 60_000;
const SEVERITY = ["--severity", "HIGH,CRITICAL"];

/** Path prefix of the reports of one check: `PATH.json` and `PATH.sarif`. */
export type ReportPath = string;

/** Lints Dockerfiles, given as paths below the repository's root. */
export async function lintDockerfiles(
  hadolint: string,
  files: readonly string[],
  save: (name: string, content: string) => void,
): Promise<Finding[]> {
  const lint = async (format: string) => {
    const args = ["--no-fail", "--config", join(repoRoot(), ".hadolint.yaml"), "--format", format, ...files];
    const { code, stdout, stderr } = await run(hadolint, args, { cwd: repoRoot() });
    if (code !== 0) {
      throw new Failure(`hadolint: ${lastLine(stderr) || lastLine(stdout)}`);
    }
    return stdout;
  };
  const [json, sarif] = await Promise.all([lint("json"), lint("sarif")]);
  save("hadolint.json", json);
  save("hadolint.sarif", sarif);
  return hadolintFindings(json);
}

export class TrivyScanner {
  constructor(
    private readonly command: string,
    /** Environment with the variables of the Docker daemon. */
    private readonly env: NodeJS.ProcessEnv,
    private readonly cache: string,
  ) {}

  /** Downloads the vulnerability database. Returns the reason of a failure, or undefined. */
  async updateDatabase(): Promise<string | undefined> {
    const { code, stderr } = await this.run(["image", "--download-db-only"]);
    return code === 0 ? undefined : reasonIn(stderr);
  }

  /** Scans Dockerfiles and Kubernetes documents in a folder with the checks built into this version of Trivy. */
  config(folder: string, report: ReportPath): Promise<Finding[]> {
    return this.report(["config", "--skip-check-update", ...this.exceptions(), ...SEVERITY], folder, report);
  }

  /** Scans an image. @param scanners `vuln` needs the database */
  image(reference: string, scanners: readonly ("vuln" | "secret")[], report: ReportPath): Promise<Finding[]> {
    const what = ["--image-src", "docker", "--scanners", scanners.join(","), "--offline-scan"];
    const database = ["--skip-db-update", "--skip-java-db-update"];
    return this.report(["image", ...what, ...database, ...this.exceptions(), ...SEVERITY], reference, report);
  }

  /** Writes the SBOM of an image. Returns the number of packages. */
  async contents(reference: string, file: string): Promise<number> {
    const options = ["--image-src", "docker", "--format", "cyclonedx", "--offline-scan", "--output", file];
    await this.mustRun(["image", ...options, reference]);
    const { components = [] } = JSON.parse(await readFile(file, "utf8")) as { components?: unknown[] };
    return components.length;
  }

  private exceptions(): string[] {
    return ["--ignorefile", join(repoRoot(), ".trivyignore.yaml")];
  }

  private async report(args: readonly string[], subject: string, path: ReportPath): Promise<Finding[]> {
    await this.mustRun([...args, "--format", "json", "--output", `${path}.json`, subject]);
    await this.mustRun(["convert", "--format", "sarif", "--output", `${path}.sarif`, `${path}.json`]);
    return trivyFindings(await readFile(`${path}.json`, "utf8"));
  }

  private async mustRun(args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(args);
    if (code !== 0) {
      throw new Failure(
        `trivy ${args[0] ?? ""}: ${code === 124 ? "no end in 30 minutes" : reasonIn(stderr)}`,
      );
    }
  }

  private run(args: readonly string[]) {
    const global = ["--cache-dir", this.cache, "--quiet", "--no-progress"];
    // `convert` and `config` have no progress option.
    const options = args[0] === "image" ? global : global.slice(0, 3);
    return run(this.command, [...args.slice(0, 1), ...options, ...args.slice(1)], {
      cwd: repoRoot(),
      env: { ...this.env, TRIVY_DISABLE_VEX_NOTICE: "true", TRIVY_SKIP_VERSION_CHECK: "true" },
      timeoutMs: PATIENCE_MS,
    });
  }
}

/** Extracts the innermost of Trivy's nested errors. */
function reasonIn(stderr: string): string {
  return (lastLine(stderr).split("\t").at(-1) ?? "").replace(/^\* /, "").slice(0, 300);
}
