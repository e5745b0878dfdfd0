import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { findChromium, isDebian } from "../../tools/chromium";
import { findDocker, type Docker } from "../../tools/docker";
import { missingGo } from "../../tools/go-build";
import { findHadolint } from "../../tools/hadolint";
import { findKubeScore, surveyKubeScore } from "../../tools/kube-score";
import { repoRoot } from "../../tools/paths";
import { MissingTool } from "../../tools/missing";
import { lastLine } from "../../tools/process";
import { findLanguageHost, findPulumi, type Pulumi } from "../../tools/pulumi";
import { areWorkflowLintersThere, findWorkflowLinters } from "../../tools/workflow-linters";
import { useDockerCli } from "../support/docker-cli";
import { runChild } from "./children";
import type { Tool } from "./needs";

type Logger = (line: string) => void;

/** Tools that tests wait for, each made once, in the background. */
export class Tools {
  /** What can be used by now. */
  readonly ready = new Set<Tool>();
  /** What this machine cannot have, with a line that says why and what to do: tests that need it are skipped. */
  readonly unavailable = new Map<Tool, string>();
  /** What could not be made, with the reason: tests that need it fail. */
  readonly broken = new Map<Tool, string>();
  private readonly started = new Map<Tool, Promise<unknown>>();
  /** Go compiles on all processors: one program after the other is ready sooner than all of them late. */
  private compiling: Promise<unknown> = Promise.resolve();

  constructor(private readonly say: Logger) {}

  /**
   * Starts to get the tools, in the order in which most tests wait for them. Tests that need none run meanwhile.
   * @param wanted what the chosen tests need
   */
  start(wanted: ReadonlySet<Tool>): void {
    for (const tool of ORDER.filter((each) => wanted.has(each) && !this.unavailable.has(each))) {
      const made = this.make(tool);
      this.started.set(tool, made);
      made.then(
        () => this.ready.add(tool),
        (error: unknown) => {
          const isOptional = OPTIONAL.includes(tool) && error instanceof MissingTool;
          const reason = error instanceof Error ? error.message : String(error);
          (isOptional ? this.unavailable : this.broken).set(tool, reason);
        },
      );
    }
  }

  /** Whether all of these tools are ready, or one of them is known not to come. */
  areSettled(tools: readonly Tool[]): boolean {
    return (
      tools.some((tool) => this.unavailable.has(tool) || this.broken.has(tool)) ||
      tools.every((tool) => this.ready.has(tool))
    );
  }

  /** Leaves out tools that take minutes to make where they are not there. */
  leaveOut(tools: ReadonlySet<Tool>): void {
    for (const tool of tools) {
      this.unavailable.set(tool, `${tool} takes minutes to build; make test builds it`);
    }
  }

  /** Stops what was started for the tests. */
  async stop(): Promise<void> {
    if (this.ready.has("kubernetes")) {
      await kubernetes("down", this.say);
    }
  }

  private async make(tool: Tool): Promise<unknown> {
    switch (tool) {
      case "docker":
        return this.docker();
      case "docker-cli":
        return useDockerCli();
      case "images":
        return this.images();
      case "pulumi":
        return this.pulumi();
      case "language-host": {
        const pulumi = (await this.after("pulumi")) as Pulumi;
        return this.compile(() => findLanguageHost(pulumi, this.say));
      }
      case "chromium":
        return findChromium(this.say);
      case "hadolint":
        return findHadolint(this.say);
      case "workflow-linters":
        return this.compile(() => findWorkflowLinters(this.say));
      case "kube-score":
        return this.compile(() => findKubeScore(this.say));
      case "kubernetes":
        return this.kubernetes();
    }
  }

  private async docker(): Promise<Docker> {
    const docker = await findDocker(this.say);
    Object.assign(process.env, docker.env);
    return docker;
  }

  private async pulumi(): Promise<Pulumi> {
    const found = await this.compile(() => findPulumi(this.say));
    process.env["PATH"] = [join(found.root, "bin"), process.env["PATH"]].join(delimiter);
    return found;
  }

  /** The lab's stand-ins for published images, which other engines pull. */
  private async images(): Promise<void> {
    const { source } = (await this.after("docker")) as Docker;
    if (source === "lab") {
      const recipes = readdirSync(join(repoRoot(), "lab", "images"));
      await findDocker(this.say, { thorough: true, images: recipes });
    }
  }

  /** The lab's node, which stays up for all files that need it. @throws Error where this machine cannot have it */
  private async kubernetes(): Promise<void> {
    const problem = await nodeProblem();
    if (problem !== undefined) {
      throw new MissingTool(problem);
    }
    await this.after("docker");
    await this.compile(() => kubernetes("build", this.say));
    // It takes memory and processor time, and nothing is to be deployed yet.
    await Promise.all([this.after("images"), this.after("pulumi")]);
    await kubernetes("up", this.say);
    process.env["LONGSHORE_TEST_NODE"] = "shared";
  }

  private after(tool: Tool): Promise<unknown> {
    const made = this.started.get(tool) ?? this.make(tool);
    this.started.set(tool, made);
    return made;
  }

  private compile<T>(work: () => Promise<T>): Promise<T> {
    const made = this.compiling.then(work);
    this.compiling = made.catch(() => undefined);
    return made;
  }
}

/** Of two that compile, the first is what more tests wait for. */
const ORDER: readonly Tool[] = [
  "docker-cli",
  "docker",
  "pulumi",
  "chromium",
  "hadolint",
  "language-host",
  "workflow-linters",
  "kube-score",
  "images",
  "kubernetes",
];

/** Those of these tools that would have to be compiled on this machine first, which takes a minute or more. */
export async function toolsToCompile(tools: ReadonlySet<Tool>): Promise<ReadonlySet<Tool>> {
  const isThere: Partial<Record<Tool, () => Promise<boolean>>> = {
    "kube-score": async () => (await surveyKubeScore()) !== undefined,
    "workflow-linters": areWorkflowLintersThere,
  };
  const found = await Promise.all([...tools].map(async (tool) => [tool, await isThere[tool]?.()] as const));
  return new Set(found.flatMap(([tool, there]) => (there === false ? [tool] : [])));
}

/** Ordinary users cannot install these, and some machines cannot have them. */
const OPTIONAL: readonly Tool[] = ["chromium", "kubernetes"];

/** Why this machine cannot have the lab's Kubernetes node. */
async function nodeProblem(): Promise<string | undefined> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const reasons = [
    isDebian(release) ? undefined : "Debian",
    process.getuid?.() === 0 ? undefined : "root",
    (await missingGo()) === undefined ? undefined : "Go 1.26 or newer",
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0
    ? undefined
    : `the Kubernetes node of lab/ needs ${reasons.join(" and ")}; run make test as root on Debian, for example in a virtual machine`;
}

/** Compiling Kubernetes takes 8 minutes on two cores, and more beside other work. */
const NODE_LIMIT_MS = 60 * 60_000;

async function kubernetes(verb: "build" | "up" | "down", say: Logger): Promise<void> {
  const script = join(repoRoot(), "lab", "kubernetes", "kubernetes.sh");
  const { code, output, problem } = await runChild(
    "nice",
    ["-n", verb === "build" ? "15" : "0", script, verb],
    {
      cwd: repoRoot(),
      limitMs: NODE_LIMIT_MS,
      onOutput: (text) => {
        for (const line of text.split("\n").filter((each) => each.startsWith("lab: "))) {
          say(line);
        }
      },
    },
  );
  if (code !== 0) {
    throw new Error(`kubernetes.sh ${verb}: ${problem ?? lastLine(output)}`);
  }
}
