import { InvalidArgumentError, Option, type Command } from "commander";
import { bake, type BakeResult } from "../../tools/bake";
import { findDocker } from "../../tools/docker";
import { repoRoot } from "../../tools/paths";
import { renderBake, type BakeDocument, type BakeOptions } from "../../render/bake";
import { sourcesIn } from "../../render/images/source-description";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { throwIfNotBuilt } from "../images/build-failure";
import { loadPlans } from "../support/plans";
import { onEndSignals } from "../support/interrupts";
import { startProgress } from "../support/progress";
import { formatSeconds, openTerminal, plural, table, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { findBuilder, requirePlatforms, requirePushing } from "../images/builder";
import { onlyTargets } from "../images/chosen";
import { publishedImages } from "../images/published";
import { registryOf } from "../images/registry";
import { formatBytes, pushedImage, unpackedBytes } from "../images/sizes";

export interface BuildOptions extends StackOption, SystemOption, JsonOption {
  readonly push?: boolean;
  /** Target platforms. Empty: the builder's default. */
  readonly platform: readonly string[];
  readonly version?: string;
  readonly skipTests?: boolean;
  /** Whether to use the cache of earlier builds. */
  readonly cache: boolean;
  /** Whether to push a provenance attestation and an SBOM with each image. */
  readonly attest: boolean;
  readonly print?: boolean;
  readonly check?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("build")
    .description("build the images, side by side, their unit tests included; --push to push them")
    .argument("[images...]", "only these and what they are built on, such as todo/backend")
    .option("--push", "push to the registry of the stack's settings instead of loading into the engine")
    .addOption(
      new Option("--platform <list>", "such as linux/amd64,linux/arm64")
        .argParser(platforms)
        .default([], "the builder's own"),
    )
    .addOption(
      new Option("--version <version>", "what the images say they are, and a second tag").argParser(tag),
    )
    .option("--skip-tests", "leave the unit tests out")
    .option("--no-cache", "use nothing of former builds")
    .option("--no-attest", "push without provenance and without a list of contents (SBOM)")
    .option("--print", "show the bake document, build nothing")
    .addOption(
      new Option("--check", "build twice, using nothing of former builds, and compare digests").conflicts([
        "push",
        "print",
      ]),
    );
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore build", "all images, into this machine's engine"],
    ["longshore build --system todo --skip-tests", "those of one system, quickly"],
    ["longshore build --stack prod --push --version 1.4.0", "to its registry"],
    ["longshore build --platform linux/arm64 --push", "for other machines"],
    ["longshore build todo/frontend --check", "whether the same sources give the same image"],
    ["longshore build --print | docker buildx bake -f -", "by hand"],
  ]);
  return command.action((images: string[], options: BuildOptions) => build(images, options));
}

function platforms(value: string, previous: readonly string[]): string[] {
  const all = value.split(",");
  const wrong = all.find((one) => !/^[a-z0-9]+\/[a-z0-9]+(\/v\d+)?$/.test(one));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`Expected OS/ARCHITECTURE such as linux/arm64, got ${wrong}.`);
  }
  return [...new Set([...previous, ...all])];
}

function tag(value: string): string {
  if (!/^\w[\w.-]{0,127}$/.test(value) || value === "latest") {
    throw new InvalidArgumentError(`Expected a version that can be a tag, such as 1.4.0, got ${value}.`);
  }
  return value;
}

/** BuildKit's default generator of SBOMs. */
const SBOM_SCANNER = "docker/buildkit-syft-scanner:stable-1";

/** A row of the table, one per image. */
interface Row {
  readonly system: string;
  readonly image: string;
  /** The first tag of the image. */
  readonly reference: string;
  readonly status: "built" | "cached" | "failed";
  readonly seconds: number;
  /** Size in bytes: unpacked in Docker, or compressed if the image was pushed. */
  readonly bytes?: number | undefined;
  readonly digest?: string | undefined;
  /** Digests by platform, if the image was pushed. */
  readonly platforms?: Readonly<Record<string, string>> | undefined;
}

/** Runs `longshore build`: builds all images of some systems at once, or the named images. */
export async function build(images: readonly string[], options: BuildOptions): Promise<void> {
  const { stack, system, push = false, platform, version, skipTests = false, json = false } = options;
  const terminal = openTerminal({ json });
  const { settings, plans } = loadPlans(stack, system);
  const bakeOptions: BakeOptions = {
    root: repoRoot(),
    describe: sourcesIn(repoRoot()),
    skipTests,
    ...(version !== undefined && { version }),
    ...(platform.length > 0 && { platforms: platform }),
    ...(push && { push: { ...registryOf(settings), attest: options.attest } }),
  };
  const document = onlyTargets(renderBake(plans, bakeOptions), images);
  if (options.print) {
    terminal.out(JSON.stringify(document, null, 2));
    return;
  }
  const targets = Object.keys(document.target);
  if (targets.length === 0) {
    terminal.note("nothing to build: every image comes from a registry");
    return;
  }
  const progress = await startProgress(terminal, { out: "stderr" });
  const interrupt = new AbortController();
  const release = onEndSignals(() => {
    interrupt.abort();
  });
  try {
    const published = [...plans.flatMap(publishedImages), ...(push && options.attest ? [SBOM_SCANNER] : [])];
    const docker = await findDocker(progress.line, { images: published });
    const env = environmentWith(docker.env);
    const builder = await findBuilder(env);
    requirePlatforms(builder, platform);
    if (push) {
      await requirePushing(builder, env);
    }
    const started = Date.now();
    const onStep = (step: string) => {
      progress.now(shortened(step, terminal.columns - 2));
    };
    if (options.check) {
      const { checkReproducible, reportReproducibility } = await import("../images/check.js");
      const request = { plans, options: bakeOptions, targets, env, signal: interrupt.signal, onStep };
      const result = await checkReproducible(request);
      progress.stop();
      reportReproducibility(result, terminal, (Date.now() - started) / 1000);
      return;
    }
    progress.now(`building ${plural(targets.length, "image")}`);
    const result = await bake({
      definition: document,
      targets: ["default"],
      noCache: !options.cache,
      env,
      signal: interrupt.signal,
      onStep,
    });
    const seconds = (Date.now() - started) / 1000;
    const native = builder.platforms[0] ?? "";
    const rows = await rowsOf(document, result, { isPushed: push, env, native, seconds });
    progress.stop();
    report(rows, result, { terminal, skipTests, seconds });
  } finally {
    progress.stop();
    release();
  }
}

interface Where {
  readonly isPushed: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly native: string;
  /** Duration of the whole build in seconds. */
  readonly seconds: number;
}

function rowsOf(document: BakeDocument, result: BakeResult, where: Where): Promise<Row[]> {
  return Promise.all(
    Object.entries(document.target).map(async ([name, { tags, platforms }]): Promise<Row> => {
      const [system = "", image = ""] = name.split("_");
      const reference = tags[0] ?? "";
      const digest = result.digests.get(name);
      const { seconds: spent = 0, isCached = false } = result.targets.get(name) ?? {};
      const isDone = result.failure === undefined;
      const row: Row = {
        system,
        image,
        reference,
        status: isDone ? (isCached ? "cached" : "built") : "failed",
        seconds: Math.min(spent, where.seconds),
        digest,
      };
      if (!where.isPushed || digest === undefined) {
        return { ...row, bytes: isDone ? await unpackedBytes(reference, where.env) : undefined };
      }
      const repository = reference.slice(0, reference.lastIndexOf(":"));
      return {
        ...row,
        ...(await pushedImage(repository, digest, platforms?.[0] ?? where.native, where.env)),
      };
    }),
  );
}

interface Reporting {
  readonly terminal: Terminal;
  readonly skipTests: boolean;
  readonly seconds: number;
}

/** Prints the table of built images. @throws Failure with the failed step, without a table, if the build failed */
function report(rows: readonly Row[], result: BakeResult, { terminal, skipTests, seconds }: Reporting): void {
  throwIfNotBuilt(result, terminal, seconds);
  if (terminal.isJson) {
    terminal.json({ status: "ok", images: rows, testsSkipped: skipTests, seconds });
    return;
  }
  table(
    ["image", "size", "digest", "time", ""],
    rows.map(({ system, image, bytes, digest, seconds: took, status }) => [
      `${system}/${image}`,
      bytes === undefined ? "" : formatBytes(bytes),
      digest?.replace("sha256:", "").slice(0, 12) ?? "",
      status === "cached" ? "" : formatSeconds(took),
      status,
    ]),
    terminal,
  ).forEach(terminal.out);
  const built = rows.filter(({ status }) => status === "built").length;
  terminal.out(
    `${plural(rows.length, "image")}: ${built} built, ${rows.length - built} cached in ${formatSeconds(seconds)}`,
  );
  if (skipTests) {
    terminal.note("warning: unit tests were skipped");
  }
}

function shortened(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
