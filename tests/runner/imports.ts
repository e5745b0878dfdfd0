import { build, type Metafile } from "esbuild";
import { dirname, join, normalize } from "node:path";

/** Which files of the checkout a file imports. Paths are relative to the checkout. */
export class ImportGraph {
  private constructor(private readonly imports: ReadonlyMap<string, readonly string[]>) {}

  /** Follows the imports of these files, dynamic ones and `require` too; packages are left out. */
  static async of(root: string, files: readonly string[]): Promise<ImportGraph> {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [...files],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      packages: "external",
      outdir: "none",
      logLevel: "silent",
      loader: { ".node": "empty", ".py": "empty", ".sh": "empty", ".yaml": "empty" },
    });
    return ImportGraph.fromMetafile(metafile);
  }

  static fromMetafile({ inputs }: Pick<Metafile, "inputs">): ImportGraph {
    return new ImportGraph(
      new Map(
        Object.entries(inputs).map(([file, { imports }]) => [
          file,
          imports.filter(({ external }) => external !== true).map(({ path }) => path),
        ]),
      ),
    );
  }

  /** The file and all that it reaches. @param follows whether the imports of a file are followed. @default all */
  closure(file: string, follows: (file: string) => boolean = () => true): ReadonlySet<string> {
    const reached = new Set([file]);
    for (const each of reached) {
      if (follows(each)) {
        this.imports.get(each)?.forEach((path) => reached.add(path));
      }
    }
    return reached;
  }
}

/**
 * Paths that a text names, as one string or as the arguments of `join`: `"docs/how-to/secrets.md"`, `join(root, "docs", "guide")`.
 * Too many are found, and never too few of these two forms.
 */
export function pathsNamedIn(text: string, from: string): string[] {
  const lists = [...text.matchAll(/["'`][\w@./-]+["'`](?:\s*,\s*["'`][\w@./-]+["'`])*/g)];
  return lists.flatMap(([list]) => {
    const parts = [...list.matchAll(/["'`]([\w@./-]+)["'`]/g)].map(([, part = ""]) => part);
    const joined = parts
      .filter((part) => part !== "..")
      .map((_, index, all) => all.slice(0, index + 1).join("/"));
    return [...parts, ...joined].flatMap((path) => {
      const plain = path.replace(/^\.\/|\/$/g, "");
      return path.startsWith(".") ? [plain, normalize(join(dirname(from), path))] : [plain];
    });
  });
}
