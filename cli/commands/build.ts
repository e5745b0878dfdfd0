import { InvalidArgumentError, Option, type Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

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
  return command.action(async (images: string[], options: BuildOptions) =>
    (await import("../images/build.js")).build(images, options),
  );
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
