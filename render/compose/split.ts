import { Tagged, yamlText } from "../../yaml/write";
import type { ComposeDocument } from "./document";

/** The documents of one environment, rendered without a base. */
export interface EnvironmentDocuments {
  readonly document: ComposeDocument;
  /** Configuration files by path relative to the document. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Returns the changes of an environment to a base document, as YAML. `docker compose -f compose.yaml -f
 * compose.prod.yaml` then yields the environment's own document. `!override` replaces lists that Compose would merge;
 * `!reset` removes what the environment does not have.
 */
export function overrideYaml(base: ComposeDocument, wanted: ComposeDocument): string {
  return yamlText(changed(base, wanted) ?? {});
}

/** Returns the changes, or undefined when nothing differs. */
function changed(before: unknown, after: unknown): unknown {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    const entries = keys.flatMap((key): [string, unknown][] => {
      const change =
        after[key] === undefined
          ? new Tagged("!reset", [])
          : before[key] === undefined
            ? after[key]
            : changed(before[key], after[key]);
      return change === undefined ? [] : [[key, change]];
    });
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  if (JSON.stringify(before) === JSON.stringify(after)) {
    return undefined;
  }
  return Array.isArray(after) ? new Tagged("!override", after) : after;
}

/**
 * Returns an environment's documents for a folder that environments share. Configuration files that differ from the
 * base's are in a folder of their own.
 */
export function besideBase(
  base: EnvironmentDocuments,
  { document, files }: EnvironmentDocuments,
  environment: string,
): EnvironmentDocuments {
  const moved = new Map(
    Object.entries(files)
      .filter(([path, content]) => base.files[path] !== undefined && base.files[path] !== content)
      .map(([path]) => [`./${path}`, `./${path.replace(/^config\//, `config.${environment}/`)}`]),
  );
  const configs = Object.entries(document.configs ?? {}).map(([key, { file }]) => [
    key,
    { file: moved.get(file) ?? file },
  ]);
  return {
    document: {
      ...document,
      ...(configs.length > 0 && {
        configs: Object.fromEntries(configs) as NonNullable<ComposeDocument["configs"]>,
      }),
    },
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [
        (moved.get(`./${path}`) ?? `./${path}`).slice(2),
        content,
      ]),
    ),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
