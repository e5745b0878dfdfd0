import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BuildLog, type TargetSummary } from "./build-log";

export interface BakeRequest {
  /** A bake document as data, or the path of a file that bake reads, such as a Compose file. */
  readonly definition: BakeDefinition | { readonly file: string };
  /** Names of targets or groups. */
  readonly targets: readonly string[];
  /** Overrides of the definition, such as `web.tags=todo-web`. @default [] */
  readonly set?: readonly string[];
  /** Whether to ignore the build cache. @default false */
  readonly noCache?: boolean;
  /** @default - the environment of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Called when a step starts, such as `todo_backend test 5/5: RUN python -m pytest`. */
  readonly onStep?: (step: string) => void;
}

export interface BakeResult {
  /** Failed step, its last lines and the reason. @default - the build succeeded */
  readonly failure?: string;
  readonly isCancelled: boolean;
  /** Summaries by target. Omits targets that were not reached. */
  readonly targets: ReadonlyMap<string, TargetSummary>;
  /** Digest of the exported image, by target. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Runs `docker buildx bake`. Builds all targets concurrently and shared stages once. Never throws for a failed build. */
export async function bake(request: BakeRequest): Promise<BakeResult> {
  const { definition, targets, set = [], noCache = false, env = process.env, signal, onStep } = request;
  const folder = await mkdtemp(join(tmpdir(), "longshore-bake-"));
  const metadata = join(folder, "metadata.json");
  const file = "file" in definition ? definition.file : undefined;
  const args = [
    ...["buildx", "bake", "--file", file ?? "-"],
    ...["--progress", "rawjson", "--metadata-file", metadata],
    ...set.flatMap((override) => ["--set", override]),
    ...(noCache ? ["--no-cache"] : []),
    ...targets,
  ];
  try {
    const all = "file" in definition ? targets : reached(definition, targets);
    const log = new BuildLog(onStep, all.length === 1 ? all[0] : undefined);
    const code = await runDocker(args, {
      input: file !== undefined ? "" : JSON.stringify(definition),
      // The definition is trusted, so it needs no extra permission to read files.
      env: { ...env, BUILDX_BAKE_ENTITLEMENTS_FS: "0", BUILDX_METADATA_PROVENANCE: "disabled" },
      signal,
      onLine: (line) => {
        log.add(line);
      },
    });
    return {
      ...(code !== 0 && { failure: log.failure() }),
      isCancelled: signal?.aborted ?? false,
      targets: log.summaries(),
      digests: digestsIn(await readFile(metadata, "utf8").catch(() => "{}")),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The fields of a bake document that resolve names to targets. */
export interface BakeDefinition {
  readonly group?: Readonly<Record<string, { readonly targets: readonly string[] }>>;
  readonly target: Readonly<Record<string, { readonly contexts?: Readonly<Record<string, string>> }>>;
}

/** Resolves names of groups and targets to targets, including the targets they are based on. */
export function reached({ group = {}, target }: BakeDefinition, names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    const members = group[name]?.targets;
    if (members) {
      members.forEach(visit);
    } else if (!found.has(name)) {
      found.add(name);
      Object.values(target[name]?.contexts ?? {}).forEach((context) => {
        if (context.startsWith("target:")) {
          visit(context.slice("target:".length));
        }
      });
    }
  };
  names.forEach(visit);
  return [...found];
}

interface RunOptions {
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
  readonly onLine: (line: string) => void;
}

/** Resolves with the exit code. Rejects only if the docker command is missing. */
function runDocker(args: readonly string[], { input, env, signal, onLine }: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { env, stdio: ["pipe", "ignore", "pipe"] });
    const end = () => child.kill("SIGINT");
    signal?.addEventListener("abort", end);
    child.stdin.on("error", () => undefined).end(input);
    createInterface(child.stderr).on("line", onLine);
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", end);
      resolve(code ?? 130);
    });
  });
}

/** Parses the digests from the content of `--metadata-file`. */
export function digestsIn(metadata: string): Map<string, string> {
  const targets = JSON.parse(metadata) as Record<string, Record<string, unknown>>;
  return new Map(
    Object.entries(targets).flatMap(([name, values]) => {
      const digest = values["containerimage.digest"];
      return typeof digest === "string" ? [[name, digest] as const] : [];
    }),
  );
}
