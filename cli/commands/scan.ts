import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { planSystem, type Plan } from "../../catalog/plan";
import { ProblemsError } from "../../base/problems";
import type { BuildSource } from "../../catalog/types";
import { localImage } from "../../render/images/image-tag";
import { hashesIn } from "../../render/images/source-description";
import { planSettings, type StackSettings } from "../../settings";
import { findDocker } from "../../tools/docker";
import { findHadolint } from "../../tools/hadolint";
import { cacheDir, repoRoot } from "../../tools/paths";
import { run } from "../../tools/process";
import { findTrivy } from "../../tools/trivy";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { kubernetesDocument } from "../documents/kubernetes";
import { EXIT, usage } from "../support/failure";
import { definitionOf, loadPlans } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { openTerminal, plural, table, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { countText, type Finding } from "../images/findings";
import { mergeSarif, type SarifLog } from "../images/sarif";
import { lintDockerfiles, TrivyScanner } from "../images/scanners";

export interface ScanOptions extends StackOption, SystemOption, JsonOption {
  /** Whether to skip checks that need the vulnerability database. */
  readonly offline?: boolean;
  /** Whether to build Trivy from its Go modules if it cannot be downloaded. */
  readonly buildTrivy?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("scan")
    .description("look for vulnerabilities, secrets and mistakes in images, Dockerfiles and documents")
    .option("--offline", "only what needs no vulnerability database; says what was not done")
    .option("--build-trivy", "build Trivy when it cannot be downloaded (Go, 10 minutes, once)");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore scan", "everything; HIGH and CRITICAL findings fail"],
    ["longshore scan --system todo", "one system"],
    ["longshore scan --offline", "without the vulnerability database"],
  ]);
  command.addHelpText(
    "after",
    `
Reports are written below reports/: SARIF and JSON of every check, a list of
contents (SBOM, CycloneDX) of every image. Exceptions, each with its reason, are
in .hadolint.yaml and .trivyignore.yaml.`,
  );
  return command.action((options: ScanOptions) => scan(options));
}

/** One row of the result. */
export interface Check {
  readonly check: "hadolint" | "documents" | "image" | "contents";
  readonly of: string;
  readonly findings: readonly Finding[];
  /** Additional remark. */
  readonly note?: string;
}

const REPORTS = "reports";

/** Runs `longshore scan`: checks a stack's images, Dockerfiles and documents. Exit code 1 if a check has findings. */
export async function scan({ stack, system, offline = false, ...options }: ScanOptions): Promise<void> {
  const terminal = openTerminal({ json: options.json ?? false });
  const { settings, plans } = loadPlans(stack, system);
  const progress = await startProgress(terminal, { out: "stderr" });
  try {
    const checks: Check[] = [];
    const notDone: string[] = [];
    const [hadolint, trivy, docker] = await Promise.all([
      findHadolint(progress.line),
      findTrivy(progress.line, { build: options.buildTrivy ?? false }),
      findDocker(progress.line),
    ]);
    const env = environmentWith(docker.env);
    const images = await builtImages(plans, env);
    const scanner = new TrivyScanner(trivy.command, env, join(cacheDir(), "trivy", "cache"));
    progress.now("linting Dockerfiles");
    checks.push(await checkDockerfiles(hadolint, plans));
    progress.now("checking Dockerfiles and Kubernetes documents");
    checks.push(await checkDocuments(scanner, plans, settings));
    notDone.push(
      "Compose documents: Trivy has no checks for them (`docker compose config` reads them in `up`)",
    );
    const problem = offline ? "--offline was given" : await databaseProblem(scanner, progress);
    if (problem !== undefined) {
      notDone.push(`vulnerabilities of ${plural(images.length, "image")}: ${problem}`);
    }
    for (const image of images) {
      progress.now(`looking into ${image.name}`);
      checks.push(...(await checkImage(scanner, image, problem === undefined)));
    }
    saveUpload(images);
    progress.stop();
    report(checks, notDone, { terminal, hasFailed: problem !== undefined && !offline });
  } finally {
    progress.stop();
  }
}

interface BuiltImage {
  /** `todo/backend` */
  readonly name: string;
  readonly reference: string;
}

/**
 * Finds the built images of plans.
 * @throws Failure if one was not built, because a missing image must not count as clean
 */
async function builtImages(plans: readonly Plan[], env: NodeJS.ProcessEnv): Promise<BuiltImage[]> {
  const hashOf = hashesIn(repoRoot());
  const images = plans.flatMap((plan) =>
    plan.images
      .filter(({ source }) => source.kind === "build")
      .map((image) => ({
        name: `${plan.system}/${image.name}`,
        reference: localImage(hashOf, plan, image),
      })),
  );
  const present = await Promise.all(
    images.map(async ({ reference }) => {
      const { code } = await run("docker", ["image", "inspect", "--format", "{{.Id}}", reference], { env });
      return code === 0;
    }),
  );
  const absent = images.filter((_, index) => !present[index]).map(({ name }) => name);
  if (absent.length > 0) {
    throw usage(`not built from these sources: ${absent.join(", ")}; run: bin/longshore build`);
  }
  return images;
}

function sources(plans: readonly Plan[]): { system: string; source: BuildSource }[] {
  return plans.flatMap(({ system, images }) =>
    images.flatMap(({ source }) => (source.kind === "build" ? [{ system, source }] : [])),
  );
}

function dockerfiles(plans: readonly Plan[]): string[] {
  const files = sources(plans).map(({ source }) => join(source.context, source.dockerfile));
  return [...new Set(files)].sort();
}

async function checkDockerfiles(hadolint: string, plans: readonly Plan[]): Promise<Check> {
  const files = dockerfiles(plans);
  const findings =
    files.length === 0
      ? []
      : await lintDockerfiles(hadolint, files, (name, content) => {
          save(name, content);
        });
  return { check: "hadolint", of: plural(files.length, "Dockerfile"), findings };
}

/** Writes the Dockerfiles and the Kubernetes documents of the systems to a folder, and scans it with Trivy. */
async function checkDocuments(
  scanner: TrivyScanner,
  plans: readonly Plan[],
  settings: StackSettings,
): Promise<Check> {
  const folder = join(repoRoot(), REPORTS, "documents");
  rmSync(folder, { recursive: true, force: true });
  const files = dockerfiles(plans);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(repoRoot(), file), join(folder, file));
  }
  const onCluster = plans.flatMap(({ system }) => clusterPlan(system, settings) ?? []);
  for (const plan of onCluster) {
    save(join("documents", `${plan.system}.yaml`), kubernetesDocument(plan, settings));
  }
  const findings = await scanner.config(folder, join(repoRoot(), REPORTS, "documents"));
  const names = onCluster.map(({ system }) => system).join(", ");
  return {
    check: "documents",
    of: `${plural(files.length, "Dockerfile")}, Kubernetes: ${names || "none"}`,
    findings,
  };
}

/** Plans the system for a cluster. Undefined if it cannot run on one. */
function clusterPlan(system: string, settings: StackSettings): Plan | undefined {
  const own = planSettings(settings, system);
  try {
    return planSystem(
      definitionOf(system),
      settings.target === "compose" ? { ...own, target: "kubernetes", domain: "example.com" } : own,
    );
  } catch (error) {
    if (error instanceof ProblemsError) {
      return undefined;
    }
    throw error;
  }
}

async function databaseProblem(scanner: TrivyScanner, progress: Progress): Promise<string | undefined> {
  progress.now("fetching the vulnerability database");
  const refusal = await scanner.updateDatabase();
  return refusal && `the database cannot be downloaded: ${refusal}`;
}

async function checkImage(
  scanner: TrivyScanner,
  { name, reference }: BuiltImage,
  hasDatabase: boolean,
): Promise<Check[]> {
  const file = fileOf(name);
  mkdirSync(join(repoRoot(), REPORTS, "images"), { recursive: true });
  const path = join(repoRoot(), REPORTS, "images", file);
  const contents = `${REPORTS}/images/${file}.cdx.json`;
  const packages = await scanner.contents(reference, join(repoRoot(), contents));
  const findings = await scanner.image(reference, hasDatabase ? ["vuln", "secret"] : ["secret"], path);
  return [
    {
      check: "image",
      of: name,
      findings,
      note: hasDatabase ? "vulnerabilities, secrets" : "secrets only",
    },
    { check: "contents", of: name, findings: [], note: `${plural(packages, "component")}: ${contents}` },
  ];
}

/** Writes all findings to one file for GitHub code scanning. */
function saveUpload(images: readonly BuiltImage[]): void {
  const read = (name: string) =>
    JSON.parse(readFileSync(join(repoRoot(), REPORTS, `${name}.sarif`), "utf8")) as SarifLog;
  const hasDockerfiles = existsSync(join(repoRoot(), REPORTS, "hadolint.sarif"));
  const merged = mergeSarif({
    dockerfiles: hasDockerfiles ? [read("hadolint")] : [],
    documents: [read("documents")],
    images: images.map(({ name }) => read(join("images", fileOf(name)))),
  });
  save("code-scanning.sarif", `${JSON.stringify(merged)}\n`);
}

/** File name of an image: `todo-backend` of `todo/backend` */
function fileOf(name: string): string {
  return name.replace("/", "-");
}

function save(name: string, content: string): void {
  const path = join(repoRoot(), REPORTS, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

interface Reporting {
  readonly terminal: Terminal;
  /** Whether a check could not run. */
  readonly hasFailed: boolean;
}

function report(
  checks: readonly Check[],
  notDone: readonly string[],
  { terminal, hasFailed }: Reporting,
): void {
  const found = checks.filter(({ findings }) => findings.length > 0);
  const isOk = found.length === 0 && !hasFailed;
  process.exitCode = isOk ? EXIT.ok : EXIT.failed;
  if (terminal.isJson) {
    terminal.json({ status: isOk ? "ok" : "failed", checks, notDone, reports: REPORTS });
    return;
  }
  const { green, red, yellow, dim } = terminal.colors;
  const rows = checks.map(({ check, of, findings, note = "" }) => [
    check,
    of,
    [findings.length === 0 ? green("ok") : red(countText(findings)), dim(note)].filter(Boolean).join(" "),
  ]);
  table(["check", "of", "result"], rows, terminal).forEach(terminal.out);
  for (const { of, findings } of found) {
    terminal.out();
    terminal.out(`${of}:`);
    table(
      [],
      findings.map(({ severity, id, where, what }) => [`  ${severity}`, id, `${where}: ${what}`]),
      terminal,
    ).forEach(terminal.out);
  }
  terminal.out();
  notDone.forEach((line) => {
    terminal.out(`${hasFailed ? red("not done:") : yellow("not done:")} ${line}`);
  });
  if (hasFailed) {
    terminal.note("error: nothing is known about vulnerabilities; `--offline` runs the rest and says so");
  }
  terminal.out(`reports: ${REPORTS}/`);
}
