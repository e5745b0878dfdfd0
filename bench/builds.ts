import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { systems } from "../stacks";

/** The file of each system that gets one more line, and that line. */
const CHANGES: Readonly<Record<string, readonly [file: string, line: string]>> = {
  imaging: ["services/imaging/api/src/main.ts", "// one more line"],
  neurascale: ["services/neurascale/neural-processor/src/neural_processor/app.py", "# one more line"],
  nexus: ["services/nexus/src/nexus/service.py", "# one more line"],
  orchestrator: ["services/orchestrator/backend/src/orchestrator/app.py", "# one more line"],
  todo: ["services/todo/backend/src/todo/app.py", "# one more line"],
};

interface Built {
  readonly seconds: number;
  readonly images: readonly { readonly status: string }[];
}

const root = join(__dirname, "..");

/**
 * Builds each system's images twice, unit tests included: with nothing of former builds, and after one line of one
 * service has changed. Package managers keep what they have downloaded, as on a machine that builds every day.
 */
function main(names: readonly string[]): void {
  const chosen = names.length > 0 ? names : Object.keys(CHANGES);
  const unknown = chosen.find((name) => !(name in CHANGES) || !(name in systems));
  if (unknown !== undefined) {
    throw new Error(`no system ${unknown} to build; there are ${Object.keys(CHANGES).join(", ")}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "longshore-builds-"));
  const checkout = join(folder, "longshore");
  execFileSync("git", ["worktree", "add", "--quiet", "--detach", checkout], { cwd: root });
  try {
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    const build = (...args: string[]): Built => {
      const { status, stdout, stderr } = spawnSync("bin/longshore", ["build", "--json", ...args], {
        cwd: checkout,
        encoding: "utf8",
        env: { ...process.env, XDG_DATA_HOME: join(folder, "data") },
      });
      if (status !== 0) {
        throw new Error(`longshore build ${args.join(" ")}: ${stderr}${stdout}`);
      }
      return JSON.parse(stdout) as Built;
    };
    say(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${load()}\n`);
    say("| system | images | cold | load | one line changed | built again | load |");
    say("|---|---|---|---|---|---|---|");
    for (const name of chosen) {
      const cold = build("--system", name, "--no-cache");
      const during = load();
      const [file, line] = CHANGES[name] ?? ["", ""];
      appendFileSync(join(checkout, file), `${line}\n`);
      const warm = build("--system", name);
      const again = warm.images.filter(({ status }) => status === "built").length;
      const cells = [name, cold.images.length, time(cold), during, time(warm), again, load()];
      say(`| ${cells.join(" | ")} |`);
    }
  } finally {
    execFileSync("git", ["worktree", "remove", "--force", checkout], { cwd: root });
    rmSync(folder, { recursive: true, force: true });
  }
}

function time({ seconds }: Built): string {
  return `${seconds.toFixed(0)} s`;
}

/** Processes that want a processor, on average of the last minute. */
function load(): string {
  return loadavg()[0]?.toFixed(1) ?? "?";
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main(process.argv.slice(2));
