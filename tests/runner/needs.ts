import type { ImportGraph } from "./imports";

/** Something that takes a while to get, and without which a test cannot begin. */
export type Tool =
  | "docker"
  | "docker-cli"
  | "images"
  | "pulumi"
  | "language-host"
  | "chromium"
  | "hadolint"
  | "workflow-linters"
  | "kube-score"
  | "kubernetes";

/** What one test file at a time may use. */
export type Lock = "kubernetes" | "todo-images";

export interface Needs {
  readonly tools: readonly Tool[];
  readonly locks: readonly Lock[];
}

/** A test that imports one of these itself, or through a file below tests/, cannot begin without the tools. */
const TOOLS_OF: Readonly<Record<string, readonly Tool[]>> = {
  "tools/chromium.ts": ["chromium"],
  "tools/docker.ts": ["docker"],
  "tools/hadolint.ts": ["hadolint"],
  "tools/kube-score.ts": ["kube-score"],
  "tools/pulumi.ts": ["pulumi"],
  "tools/workflow-linters.ts": ["workflow-linters"],
  // A checkout runs `bin/longshore` and a hand-typed `pulumi`.
  "tests/support/checkout.ts": ["docker", "pulumi", "language-host"],
  "tests/support/cluster-node.ts": ["kubernetes", "images"],
  "tests/support/compose-stack.ts": ["docker"],
  "tests/support/external-program.ts": ["pulumi", "language-host"],
  "tests/support/docker-cli.ts": ["docker-cli"],
};

/**
 * Files that build AI todo from a commit of their own, or compare its containers: the same tag is another image where the
 * label of the commit differs.
 */
const TODO_IMAGES = new Set(
  ["images", "monitoring", "todo", "workflows"].map((name) => `tests/e2e/${name}.test.ts`),
);

const ENGINES: readonly Tool[] = ["docker", "pulumi", "language-host"];

/** What a test needs, by what it imports: a new test is registered nowhere. */
export function needsOf(graph: ImportGraph, file: string): Needs {
  const reached = [...graph.closure(file, (each) => each.startsWith("tests/"))];
  const tools = new Set(reached.flatMap((each) => TOOLS_OF[each] ?? []));
  if (file.startsWith("tests/e2e/")) {
    tools.add("images");
  }
  if (file.startsWith("tests/unit/")) {
    // They run `longshore` with stand-ins for Docker and the engine.
    ENGINES.forEach((tool) => tools.delete(tool));
  }
  // The parsers of tools are tested without the tools.
  if (file.startsWith("tests/unit/tools/")) {
    tools.clear();
  }
  const locks: Lock[] = [
    ...(tools.has("kubernetes") ? (["kubernetes"] as const) : []),
    ...(TODO_IMAGES.has(file) ? (["todo-images"] as const) : []),
  ];
  return { tools: [...tools].sort(), locks };
}
