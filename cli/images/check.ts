import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Plan } from "../../catalog/plan/types";
import type { BuildSource } from "../../catalog/types";
import { renderBake, type BakeDocument, type BakeOptions } from "../../render/bake";
import { contextFiles } from "../../render/images/context-hash";
import { bake } from "../../tools/bake";
import { Failure } from "../support/failure";
import { formatSeconds, plural, table, type Terminal } from "../support/terminal";
import { throwIfNotBuilt } from "./build-failure";
import { compareLayouts, type Comparison } from "./compare";

export interface CheckRequest {
  readonly plans: readonly Plan[];
  readonly options: BakeOptions;
  /** Names of bake targets. */
  readonly targets: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: string) => void;
}

export interface CheckResult {
  /** Why a build failed. @default - both builds succeeded */
  readonly failure?: string;
  readonly isCancelled: boolean;
  /** Comparison by target. Empty if a build failed. */
  readonly comparisons: ReadonlyMap<string, Comparison>;
}

/**
 * Builds images twice and compares the results. No step uses the cache of earlier builds. The second build uses a
 * fresh copy of the sources in another folder and empty cache mounts, like a machine without earlier builds.
 */
export async function checkReproducible(request: CheckRequest): Promise<CheckResult> {
  const { plans, options } = request;
  const folder = mkdtempSync(join(tmpdir(), "longshore-check-"));
  try {
    const sources = join(folder, "sources");
    copySources(plans, options.root, sources);
    const documents = [
      renderBake(plans, { ...options, layouts: join(folder, "1") }),
      renderBake(plans, {
        ...options,
        // The sources are equal, and so are the labels that identify them.
        root: sources,
        layouts: join(folder, "2"),
        cacheMounts: `check-${randomBytes(6).toString("hex")}`,
      }),
    ] as const;
    return await buildTwice(documents, request);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds two bake documents to OCI layouts, and compares them target by target. */
export async function buildTwice(
  documents: readonly [BakeDocument, BakeDocument],
  { targets, env, signal, onStep }: Pick<CheckRequest, "targets" | "env" | "signal" | "onStep">,
): Promise<CheckResult> {
  for (const [index, definition] of documents.entries()) {
    const { failure, isCancelled } = await bake({
      definition,
      targets,
      noCache: true,
      env,
      ...(signal && { signal }),
      onStep: (step) => {
        onStep?.(`build ${index + 1} of 2: ${step}`);
      },
    });
    if (isCancelled || failure !== undefined) {
      return { isCancelled, ...(failure !== undefined && { failure }), comparisons: new Map() };
    }
  }
  const comparisons = new Map<string, Comparison>();
  for (const name of targets) {
    const [first = "", second = ""] = documents.map(({ target }) => layoutOf(target[name]?.output ?? []));
    comparisons.set(name, await compareLayouts(first, second));
  }
  return { isCancelled: false, comparisons };
}

function layoutOf(output: readonly string[]): string {
  const folder = /(?:^|,)dest=([^,]+)/.exec(output.join(","))?.[1];
  if (folder === undefined) {
    throw new Error(`internal: ${output.join(",")} writes no layout`);
  }
  return folder;
}

/** Copies the sources that the builds can read to the same relative paths below another root. */
function copySources(plans: readonly Plan[], root: string, to: string): void {
  const copy = (path: string, files: readonly string[]) => {
    mkdirSync(join(to, path), { recursive: true });
    for (const file of files) {
      const target = join(to, path, file);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, path, file), target, { verbatimSymlinks: true });
    }
  };
  const sources = plans
    .flatMap(({ images }) => images)
    .flatMap(({ source }): BuildSource[] => (source.kind === "build" ? [source] : []));
  for (const { context, dockerfile, contexts = {} } of sources) {
    copy(context, [...contextFiles(join(root, context), dockerfile), dockerfile]);
    for (const named of Object.values(contexts)) {
      if (named.kind === "folder") {
        copy(named.path, contextFiles(join(root, named.path)));
      }
    }
  }
}

/** Reports the comparison. @throws Failure if a build failed or two builds of an image differ */
export function reportReproducibility(result: CheckResult, terminal: Terminal, seconds: number): void {
  throwIfNotBuilt(result, terminal, seconds);
  const compared = [...result.comparisons].map(([target, comparison]) => ({
    image: target.replace("_", "/"),
    ...comparison,
  }));
  const different = compared.filter(({ isSame }) => !isSame);
  if (terminal.isJson) {
    const images = compared.map(({ image, isSame, digest, differences }) => ({
      image,
      same: isSame,
      ...(isSame ? { digest } : { differences }),
    }));
    terminal.json({ status: different.length === 0 ? "ok" : "failed", images, seconds });
  } else {
    const { green, red } = terminal.colors;
    table(
      ["image", "digest", "two builds"],
      compared.map(({ image, digest, isSame }) => [
        image,
        isSame ? digest.replace("sha256:", "").slice(0, 12) : "",
        isSame ? green("the same") : red("differ"),
      ]),
      terminal,
    ).forEach(terminal.out);
    for (const { image, differences } of different) {
      terminal.out();
      terminal.out(`${image}:`);
      differences.forEach((line) => {
        terminal.out(`  ${line}`);
      });
    }
    terminal.out(`${plural(compared.length, "image")}, each built twice, in ${formatSeconds(seconds)}`);
  }
  if (different.length > 0) {
    throw new Failure(
      `${plural(different.length, "image")} of ${compared.length} cannot be built again as it was`,
    );
  }
}
