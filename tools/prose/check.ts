import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { format } from "prettier";
import { MissingTool } from "../missing";
import { repoRoot } from "../paths";
import { run } from "../process";
import { findVale, surveyVale } from "../vale";
import { judge, type Allowance, type Finding } from "./rooms";
import { sourcesOf, type Source } from "./sources";

const LIST = join(repoRoot(), "tools", "prose", "unconverted.json");

/** The fields of Vale's `--output=JSON` that are used. */
type Report = Record<string, { Line: number; Span: [number, number]; Message: string; Check: string }[]>;

/** Runs Vale on copies as Markdown or text, because Vale does not support the comments of all languages here. */
async function lint(vale: string, sources: readonly Source[]): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "longshore-prose-"));
  try {
    for (const { path, text } of sources) {
      const copy = join(folder, path.endsWith(".md") ? path : `${path}.txt`);
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(copy, text);
    }
    const config = join(repoRoot(), ".vale.ini");
    const args = ["--config", config, "--output=JSON", "--no-exit", "--no-global", "."];
    const { code, stdout, stderr } = await run(vale, args, { cwd: folder, timeoutMs: 300_000 });
    if (code !== 0) {
      throw new Error(`Vale failed: ${(stderr || stdout).trim()}`);
    }
    return Object.entries(JSON.parse(stdout) as Report)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([copy, alerts]) =>
        alerts.map(({ Line, Message }) => ({
          path: copy.replace(/\.txt$/, ""),
          line: Line,
          message: Message.replace(/\s+/g, " "),
        })),
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Exits with 1 if a room has more findings than listed. `--update` lowers the list to the current counts; `--if-built`
 * skips the check if Vale would have to be compiled first.
 */
async function main(): Promise<void> {
  if (process.argv.includes("--if-built") && (await surveyVale()) === undefined) {
    process.stdout.write("prose: skipped, Vale is not built yet (npm run prose builds it)\n");
    return;
  }
  const vale = await findVale((line) => {
    process.stdout.write(`  ${line}\n`);
  });
  const findings = await lint(vale, sourcesOf(repoRoot()));
  const allowance = JSON.parse(readFileSync(LIST, "utf8")) as Allowance;
  const { excess, remaining } = judge(findings, allowance);
  for (const { path, line, message } of excess) {
    process.stdout.write(`${path}:${line}: ${message}\n`);
  }
  if (process.argv.includes("--update")) {
    writeFileSync(LIST, await format(JSON.stringify(remaining), { parser: "json", printWidth: 110 }));
  }
  const left = Object.values(remaining).reduce((sum, count) => sum + count, 0);
  process.stdout.write(
    excess.length > 0
      ? "fix: use the suggested words in the lines you changed (docs/glossary.md, styles/Longshore)\n"
      : `prose: no new findings; ${left} left in ${Object.keys(remaining).length} rooms (tools/prose/unconverted.json)\n`,
  );
  process.exitCode = excess.length > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  if (!(error instanceof MissingTool)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
