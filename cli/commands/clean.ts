import { InvalidArgumentError, Option, type Command } from "commander";
import { localImage, localRepository } from "../../render/images/image-tag";
import { hashesIn } from "../../render/images/source-description";
import { MACHINE_STACK_NAMES } from "../../settings/machine-stacks";
import { repoRoot } from "../../tools/paths";
import { run } from "../../tools/process";
import { withExamples, withJson, withSystem, type JsonOption, type SystemOption } from "../support/options";
import { systems } from "../support/systems";
import { docker, openEngine, type Engine } from "../compose/docker";
import { readVersions } from "../engine/versions";
import { EXIT, Failure } from "../support/failure";
import { choose, loadPlans } from "../support/plans";
import { formatBytes } from "../images/sizes";
import { confirm, openTerminal, plural, table } from "../support/terminal";

export interface CleanOptions extends SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  /** Minimum age in hours of build cache entries to delete. @default - the build cache is kept */
  readonly cache?: number;
}

export function register(program: Command): Command {
  const command = program
    .command("clean")
    .description("remove images of former builds that nothing here runs or can roll back to")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would go")
    .addOption(
      new Option("--cache [age]", "also the builder's cache that is older, of whatever was built (12h, 30d)")
        .preset("7d")
        .argParser(hours),
    );
  withExamples(withJson(withSystem(command)), [
    ["longshore clean --dry-run", "what takes room"],
    ["longshore clean --system todo", "old images of one system"],
    ["longshore clean --cache --yes", "with the builder's cache of more than a week ago"],
    ["longshore clean --cache 0h --yes", "all that can be made again, for a disk that is full"],
  ]);
  return command.action((options: CleanOptions) => clean(options));
}

function hours(value: string): number {
  const { count, unit } = /^(?<count>\d{1,5})(?<unit>[hd])$/.exec(value)?.groups ?? {};
  if (count === undefined) {
    throw new InvalidArgumentError(`Expected hours or days such as 12h or 30d, got ${value}.`);
  }
  return Number(count) * (unit === "d" ? 24 : 1);
}

/** An image as Docker lists it. */
export interface ListedImage {
  readonly repository: string;
  readonly tag: string;
  /** Size in bytes, including layers shared with other images. */
  readonly bytes: number;
  /** Age such as `3 hours ago`. */
  readonly age: string;
}

/** Runs `longshore clean`. */
export async function clean({ system, yes, dryRun, cache, json = false }: CleanOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const engine = await openEngine();
  const names = choose("local", Object.keys(systems()), system);
  const [listed, used] = await Promise.all([listImages(engine), usedImages(engine)]);
  const old = removableImages(listed, names, new Set([...used, ...wantedImages()]));
  if (!json && old.length > 0) {
    table(
      ["image", "built", "size"],
      old.map((one) => [referenceOf(one), one.age, formatBytes(one.bytes)]),
      terminal,
    ).forEach(terminal.out);
  }
  const found = plural(old.length, "old image");
  const described = old.map((one) => ({ image: referenceOf(one), bytes: one.bytes }));
  if ((old.length === 0 && cache === undefined) || dryRun) {
    const cached =
      cache === undefined ? "" : `, and the builder's cache of more than ${cache} hours ago would go`;
    const kept = `${found}${cached}; nothing was removed (--dry-run)`;
    terminal.note(dryRun && (old.length > 0 || cache !== undefined) ? kept : "nothing to remove");
    if (json) {
      terminal.json({ images: described, removed: [] });
    }
    return;
  }
  if (!yes) {
    const cached = cache === undefined ? "" : ` and the builder's cache of more than ${cache} hours ago`;
    await confirm(terminal, `Remove ${found}${cached}?`);
  }
  const removed = await removeImages(engine, old.map(referenceOf));
  const freed = cache === undefined ? undefined : await pruneCache(engine, cache);
  if (json) {
    terminal.json({ images: described, removed, ...(freed && { cache: freed }) });
  } else {
    terminal.out(`removed ${plural(removed.length, "image")}${freed ? `, and ${freed} of cache` : ""}`);
  }
  if (removed.length < old.length) {
    throw new Failure(`${plural(old.length - removed.length, "image")} could not be removed`, EXIT.failed);
  }
}

/** Images of these systems that were built here and are not to be kept. */
export function removableImages(
  images: readonly ListedImage[],
  names: readonly string[],
  keep: ReadonlySet<string>,
): ListedImage[] {
  return images.filter(
    (image) =>
      names.some((name) => image.repository.startsWith(localRepository(name, ""))) &&
      /^src-[0-9a-f]+$/.test(image.tag) &&
      !keep.has(referenceOf(image)),
  );
}

function referenceOf({ repository, tag }: Pick<ListedImage, "repository" | "tag">): string {
  return `${repository}:${tag}`;
}

/** Images that this checkout would run on this machine, and images needed for a rollback. */
function wantedImages(): string[] {
  const hashOf = hashesIn(repoRoot());
  return MACHINE_STACK_NAMES.flatMap((stack) => [
    ...loadPlans(stack).plans.flatMap((plan) => plan.images.map((image) => localImage(hashOf, plan, image))),
    ...Object.values(readVersions(stack)).flatMap((versions) =>
      versions.flatMap(({ services, jobs }) => [...Object.values(services), ...Object.values(jobs)]),
    ),
  ]);
}

async function listImages(engine: Engine): Promise<ListedImage[]> {
  const format = "{{.Repository}}\t{{.Tag}}\t{{.CreatedSince}}";
  const output = await docker(engine, [
    "image",
    "ls",
    "--filter",
    "reference=longshore/*/*",
    "--format",
    format,
  ]);
  const listed = lines(output).map((line) => {
    const [repository = "", tag = "", age = ""] = line.split("\t");
    return { repository, tag, age, bytes: 0 };
  });
  if (listed.length === 0) {
    return [];
  }
  const sizes = await docker(engine, [
    "image",
    "inspect",
    "--format",
    "{{.Size}}",
    ...listed.map(referenceOf),
  ]);
  return lines(sizes).flatMap((bytes, index) => {
    const image = listed[index];
    return image ? [{ ...image, bytes: Number(bytes) }] : [];
  });
}

/** Images of all containers of the daemon, including exited containers and those of other checkouts. */
async function usedImages(engine: Engine): Promise<string[]> {
  return lines(await docker(engine, ["ps", "--all", "--format", "{{.Image}}"]));
}

/** Removes images one by one. An image that is the base of another may not be removable; the others are still removed. */
async function removeImages(engine: Engine, references: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const reference of references) {
    const { code } = await run("docker", ["image", "rm", reference], { env: engine.env, timeoutMs: 120_000 });
    if (code === 0) {
      removed.push(reference);
    }
  }
  return removed;
}

/** Prunes the build cache. @returns the amount freed, as the builder reports it */
async function pruneCache(engine: Engine, hours: number): Promise<string> {
  const older = hours === 0 ? ["--all"] : ["--filter", `until=${hours}h`];
  const output = await docker(engine, ["builder", "prune", "--force", ...older], { timeoutMs: 600_000 });
  return /^Total:\s*(\S+)/m.exec(output)?.[1] ?? "0B";
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
