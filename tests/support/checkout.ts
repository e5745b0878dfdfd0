import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, type CommandResult } from "../../tools/process";
import { limit } from "./wait";

const root = join(__dirname, "..", "..");

let made: string | undefined;

/**
 * The checkout that all others are copied from: one for all test files under the runner, otherwise one per process.
 * Its commit has a fixed date, because images contain their sources' commit and all checkouts must build the same
 * images.
 */
function template(): string {
  const shared = process.env["LONGSHORE_TEST_RUN"];
  const folder = shared ?? (made ??= temporary());
  const done = join(folder, "checkout");
  if (existsSync(done)) {
    return done;
  }
  const partial = mkdtempSync(join(folder, "checkout-"));
  copyTo(partial);
  try {
    renameSync(partial, done);
  } catch {
    // Another test process has created it first.
    rmSync(partial, { recursive: true, force: true });
  }
  return done;
}

/** A temporary folder that is deleted when this process ends. */
function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "longshore-template-"));
  process.once("exit", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function copyTo(folder: string): void {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const files = list
    .toString()
    .split("\0")
    .filter((file) => file !== "" && existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { preserveTimestamps: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  // `make` would install packages if these files were newer than the shared folder of packages, and would empty that
  // folder.
  for (const file of ["package.json", "package-lock.json"]) {
    utimesSync(join(folder, file), 0, 0);
  }
  const date = "2026-01-01T00:00:00Z";
  const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, env });
  git("init", "-q");
  git("add", "-A");
  git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "Start");
}

/**
 * A separate checkout with its own data folder, like a fresh clone: the tracked and unignored files, committed. Shares
 * the installed packages with this checkout to save time.
 */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), "longshore-e2e-"));
  readonly root = join(this.folder, "longshore");
  readonly dataHome = join(this.folder, "data");
  readonly data = join(this.dataHome, "longshore");

  constructor() {
    // One recursive copy is ten times as fast as copying each file.
    execFileSync("cp", ["-a", `${template()}/.`, this.root]);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.root, encoding: "utf8" });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** Reads a file of the data folder. */
  readData(path: string): string {
    return readFileSync(join(this.data, path), "utf8");
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.root, path), content);
  }

  /** Writes settings of a local stack before its first run. */
  presetLocal(settings: string, stack = "local"): void {
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.data, `Pulumi.${stack}.yaml`), settings, { mode: 0o600 });
  }

  /** Runs a command in the checkout. Never throws for a non-zero exit code. */
  run(command: string, ...args: string[]): Promise<CommandResult> {
    return this.runWith({}, command, ...args);
  }

  runWith(env: Record<string, string>, command: string, ...args: string[]): Promise<CommandResult> {
    return this.runWithInput("", env, command, ...args);
  }

  runWithInput(
    input: string,
    env: Record<string, string>,
    command: string,
    ...args: string[]
  ): Promise<CommandResult> {
    return run(command, args, {
      input,
      cwd: this.root,
      // The first start builds images. The timeout only ends a command that hangs.
      timeoutMs: limit(900_000),
      env: { ...withoutMake(process.env), ...env, XDG_DATA_HOME: this.dataHome, NO_COLOR: "1" },
    });
  }

  /** Runs a command line on a pseudo-terminal with this input. Returns what the terminal shows. */
  async onTerminal(input: string, line: string): Promise<string> {
    const env = { FORCE_COLOR: "0", TERM: "xterm" };
    const { stdout } = await this.runWithInput(input, env, "script", "-qec", line, "/dev/null");
    return stdout;
  }

  longshore(...args: string[]): Promise<CommandResult> {
    return this.run("bin/longshore", ...args);
  }

  /** Runs `longshore … --json` and returns the document. @throws if the command fails */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.longshore(...args, "--json");
    if (code !== 0) {
      throw new Error(`longshore ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    }
    return JSON.parse(stdout) as T;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without what `make` passes on: a `make test` of the checkout would run the files that this run was asked for. */
function withoutMake(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(MAKE|MFLAGS$|GNUMAKEFLAGS$|(FILES|SUITES|CHANGED)$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)));
}
