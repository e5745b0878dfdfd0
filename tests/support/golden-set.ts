import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { documentDifferences, type Documents } from "./document-differences";
import { isUpdating, matchesGolden } from "./golden";

const root = join(__dirname, "..", "..");

export interface GoldenSet {
  /** A folder of golden files, such as `tests/golden/expected/todo/compose`. It holds nothing else. */
  readonly folder: string;
  readonly system: string;
  /** The documents of each environment, each beside the one that it resembles most. */
  readonly documents: ReadonlyMap<string, Documents>;
}

/**
 * Compares document sets of several environments with golden files. The first set is kept whole, so that a change shows in
 * its context. Each other is kept as its differences from the one before, such as `dev-from-staging.diff`: a change is
 * reviewed once, and one file says what distinguishes two environments.
 */
export function matchesGoldenSet({ folder, system, documents }: GoldenSet): void {
  const [[whole = "", base] = [], ...others] = documents;
  const files = new Map([...(base ?? [])].map(([path, text]) => [`${whole}/${path}`, text]));
  const named = new Map([...documents].map(([name, texts]) => [name, withoutName(texts, system, name)]));
  let before = whole;
  for (const [environment] of others) {
    const texts = [before, environment].map((name) => named.get(name) ?? assert.fail(name));
    files.set(
      `${environment}-from-${before}.diff`,
      documentDifferences(...(texts as [Documents, Documents])),
    );
    before = environment;
  }
  if (isUpdating) {
    rmSync(join(root, folder), { recursive: true, force: true });
  }
  files.forEach((text, path) => {
    matchesGolden(`${folder}/${path}`, text);
  });
  const found = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1));
  assert.deepEqual(found.sort(), [...files.keys()].sort(), `${folder} has files that no document makes`);
}

/**
 * Every object is labelled with its environment, which is no difference worth a line. A document that names another
 * environment than its own keeps that name, and differs.
 */
function withoutName(documents: Documents, system: string, environment: string): Documents {
  const name = new RegExp(`\\b(${system}-|environment: )${environment}(?![a-z-])`, "g");
  return new Map([...documents].map(([path, text]) => [path, text.replace(name, "$1<environment>")]));
}
