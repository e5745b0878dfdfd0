import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProblemsError, type Problem } from "../base/problems";
import { InexactYamlError, parseYaml, yamlErrorText, type YamlProblem } from "../yaml/read";
import { machineStack } from "./machine-stacks";
import type { RawSettings } from "./read";
import { ENCRYPTED, holdsSecrets } from "./secret-settings";

/** Prefix of Longshore's keys in a stack file: the project's name. */
const NAMESPACE = "longshore:";

/**
 * Reads `Pulumi.<stack>.yaml` without the engine or any key. Encrypted values become ENCRYPTED. A stack without a file
 * has no settings.
 * @throws ProblemsError when the file is not valid YAML, or with every value that cannot be read exactly
 */
export function readStackFile(root: string, stack: string): RawSettings {
  const file = join(root, `Pulumi.${stack}.yaml`);
  return parseStackFile(existsSync(file) ? readFileSync(file, "utf8") : "", stack, file);
}

/**
 * Parses the content of a stack file.
 * @param file shown in messages
 */
export function parseStackFile(text: string, stack: string, file: string): RawSettings {
  const content = parse(file, text, stack);
  const config = isObject(content) && isObject(content.config) ? content.config : {};
  const values = Object.entries(config)
    .filter(([key]) => key.startsWith(NAMESPACE))
    .map(([key, value]) => [key.slice(NAMESPACE.length), withoutSecrets(value)]);
  return {
    stack,
    values: Object.fromEntries(values) as Record<string, unknown>,
    source: `Pulumi.${stack}.yaml`,
    showsEncryption: true,
  };
}

function parse(file: string, content: string, stack: string): unknown {
  try {
    return parseYaml(content);
  } catch (error) {
    if (error instanceof InexactYamlError) {
      const problems = error.problems.map(withoutSecret);
      throw new ProblemsError(`Pulumi.${stack}.yaml`, problems);
    }
    const fix =
      machineStack(stack) === undefined
        ? `restore it: git checkout Pulumi.${stack}.yaml`
        : `if it was truncated, restore a copy: bin/longshore recover --stack ${stack}`;
    throw new ProblemsError(file, [
      { path: "file", message: `not valid YAML (${yamlErrorText(error)})`, fix },
    ]);
  }
}

/**
 * Converts a problem: its path is below `longshore:`, and it shows the value only if the setting cannot hold a secret.
 */
function withoutSecret({ path, message, fix }: YamlProblem): Problem {
  const own = /^config\.longshore:(.+)$/.exec(path)?.[1];
  return own !== undefined && !holdsSecrets(own.split("."))
    ? { path: own, message, fix }
    : {
        path: own ?? path,
        message: "is read as another value by some YAML parsers",
        fix: "write it in quotes",
      };
}

/** Replaces `{secure: …}`, Pulumi's notation for an encrypted value, at any depth. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSecrets);
  }
  if (!isObject(value)) {
    return value;
  }
  if (Object.keys(value).length === 1 && typeof value.secure === "string") {
    return ENCRYPTED;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
