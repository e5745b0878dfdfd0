import { localImage, localRepository } from "../../render/images/image-tag";
import { hashesIn } from "../../render/images/source-description";
import { MACHINE_STACK_NAMES } from "../../settings/machine-stacks";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";
import { run } from "../../tools/process";
import type { CleanOptions } from "../clean";
import { docker, openEngine, type Engine } from "../compose/docker";
import { readVersions } from "../engine/versions";
import { EXIT, Failure } from "../support/failure";
import { choose, loadPlans } from "../support/plans";
import { confirm, openTerminal, plural, table } from "../support/terminal";

/** An image as the engine lists it. */
export interface ListedImage {
  readonly repository: string;
  readonly tag: string;
  /** With its layers, which others may share. */
  readonly size: string;
  /** Such as `3 hours ago`. */
  readonly age: string;
}

const WEEK = "168h";

/** `longshore clean` */
export async function clean({ system, yes, dryRun, cache, json = false }: CleanOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const engine = await openEngine();
  const names = choose("local", Object.keys(systems), system);
  const [listed, used] = await Promise.all([listImages(engine), usedImages(engine)]);
  const old = leftOver(listed, names, new Set([...used, ...wantedImages()]));
  if (!json && old.length > 0) {
    table(
      ["image", "built", "size"],
      old.map((one) => [referenceOf(one), one.age, one.size]),
      terminal,
    ).forEach(terminal.out);
  }
  const found = plural(old.length, "old image");
  const nothing = old.length === 0 && !cache;
  if (nothing || dryRun) {
    terminal.note(nothing ? "nothing to remove" : `${found}; nothing was removed (--dry-run)`);
    if (json) {
      terminal.json({ images: old.map(referenceOf), removed: [] });
    }
    return;
  }
  if (!yes) {
    await confirm(terminal, `Remove ${found}${cache ? ` and the builder's cache older than a week` : ""}?`);
  }
  const removed = await removeImages(engine, old.map(referenceOf));
  const freed = cache ? await pruneCache(engine) : undefined;
  if (json) {
    terminal.json({ images: old.map(referenceOf), removed, ...(freed && { cache: freed }) });
  } else {
    terminal.out(`removed ${plural(removed.length, "image")}${freed ? `, and ${freed} of cache` : ""}`);
  }
  if (removed.length < old.length) {
    throw new Failure(`${plural(old.length - removed.length, "image")} could not be removed`, EXIT.failed);
  }
}

/** Images of these systems, by the names that builds here give, that are not among those to keep. */
export function leftOver(
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

/** What this checkout would run on this machine, and what a rollback would go back to. */
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
  const format = "{{.Repository}}\t{{.Tag}}\t{{.Size}}\t{{.CreatedSince}}";
  const output = await docker(engine, [
    "image",
    "ls",
    "--filter",
    "reference=longshore/*/*",
    "--format",
    format,
  ]);
  return lines(output).map((line) => {
    const [repository = "", tag = "", size = "", age = ""] = line.split("\t");
    return { repository, tag, size, age };
  });
}

/** Of any container of the engine, also one that has ended, and of other checkouts. */
async function usedImages(engine: Engine): Promise<string[]> {
  return lines(await docker(engine, ["ps", "--all", "--format", "{{.Image}}"]));
}

/** One by one: an image that another one is built upon may refuse, and the others go nevertheless. */
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

/** @returns how much was freed, as the builder says it */
async function pruneCache(engine: Engine): Promise<string> {
  const output = await docker(engine, ["builder", "prune", "--force", "--filter", `until=${WEEK}`], {
    timeoutMs: 600_000,
  });
  return /^Total:\s*(\S+)/m.exec(output)?.[1] ?? "0B";
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
