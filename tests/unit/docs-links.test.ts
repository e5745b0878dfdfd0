import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, it } from "mocha";
import { repoRoot } from "../../tools/paths";

const root = repoRoot();
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Markdown files of the repository, tracked or new, relative to its root. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));

/** Text without fenced and inline code, whose brackets are not links. */
const prose = (text: string) => text.replace(/^ *```[^]*?^ *```/gm, "").replace(/`[^`\n]*`/g, "");

/** The anchor that GitHub gives a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchors = (path: string) =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));

function brokenLinks(page: string): string[] {
  return [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^[a-z]+:/.test(link)) {
      return [];
    }
    const [path = "", fragment] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, target))) {
      return [`${page}: ${link}: no such file`];
    }
    const isPage = target.endsWith(".md") && statSync(join(root, target)).isFile();
    return fragment === undefined || !isPage || anchors(target).includes(fragment)
      ? []
      : [`${page}: ${link}: no such heading`];
  });
}

describe("Documentation links", () => {
  it("lead to files and headings that exist", () => {
    assert.ok(pages.includes("docs/README.md"));
    assert.deepEqual(pages.flatMap(brokenLinks), []);
  });

  it("list every page of docs/ in the index or in the index of its folder", () => {
    const indexed = new Set(
      pages
        .filter((page) => page.startsWith("docs/") && page.endsWith("README.md"))
        .flatMap((page) =>
          [...read(page).matchAll(/\]\(([^)#\s]+)\)/g)].map(([, link = ""]) =>
            normalize(join(dirname(page), link)),
          ),
        ),
    );
    const missing = pages.filter(
      (page) => page.startsWith("docs/") && page !== "docs/README.md" && !indexed.has(page),
    );
    assert.deepEqual(missing, []);
  });
});
