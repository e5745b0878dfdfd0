import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { findReaders } from "../../tools/readers";

/** The go-yaml packages in the programs that parse Longshore's documents. */
export const YAML_READERS = ["yaml.v2", "yaml.v3", "go.yaml.in/yaml/v3", "sigs.k8s.io/yaml"] as const;

export type ReaderRequest =
  | { readonly reader: (typeof YAML_READERS)[number]; readonly text: string }
  | { readonly reader: "dockerignore"; readonly text: string; readonly folder: string };

export interface ReaderAnswer {
  /** Scalars and mapping keys are texts such as `string:a` or `number:1`. */
  readonly value: unknown;
  readonly error?: string;
}

/** Finds or builds the real readers. Call in a `before` hook with a timeout that allows for a build. */
export async function realReaders(): Promise<(requests: readonly ReaderRequest[]) => ReaderAnswer[]> {
  const program = await findReaders((line) => {
    process.stderr.write(`${line}\n`);
  });
  return (requests) => {
    const { status, stdout, stderr } = spawnSync(program, {
      input: requests.map((one) => JSON.stringify(one)).join("\n"),
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    assert.equal(status, 0, stderr);
    const answers = stdout.trim().split("\n");
    assert.equal(answers.length, requests.length);
    return answers.map((line) => JSON.parse(line) as ReaderAnswer);
  };
}

/** Converts a value to the readers' form. */
export function typed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(typed);
  }
  switch (typeof value) {
    case "string":
      return `string:${value}`;
    case "number":
      return `number:${value}`;
    case "boolean":
      return `bool:${value}`;
    default:
      return value === null || value === undefined
        ? "null:"
        : Object.fromEntries(Object.entries(value).map(([key, item]) => [`string:${key}`, typed(item)]));
  }
}
