import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, type Ran } from "../../tools/process";
import { limit } from "./wait";

const root = join(__dirname, "..", "..");

/**
 * A checkout of its own with a data folder of its own, as a newcomer has it: the files that git knows or would
 * take, committed. Dependencies are shared, because installing them again would prove nothing here.
 */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), "longshore-e2e-"));
  readonly root = join(this.folder, "longshore");
  readonly dataHome = join(this.folder, "data");
  readonly data = join(this.dataHome, "longshore");

  constructor() {
    const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
    });
    for (const file of list.toString().split("\0").filter(Boolean)) {
      mkdirSync(dirname(join(this.root, file)), { recursive: true });
      cpSync(join(root, file), join(this.root, file), { preserveTimestamps: true });
    }
    symlinkSync(join(root, "node_modules"), join(this.root, "node_modules"));
    // `make` installs when these are newer than what is installed; here that would empty the shared folder.
    for (const file of ["package.json", "package-lock.json"]) {
      utimesSync(join(this.root, file), 0, 0);
    }
    this.git("init", "-q");
    this.git("add", "-A");
    this.git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "Start");
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.root, encoding: "utf8" });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.root, path), content);
  }

  /** Settings of a stack of this machine that are there before its first run. */
  presetLocal(settings: string, stack = "local"): void {
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.data, `Pulumi.${stack}.yaml`), settings, { mode: 0o600 });
  }

  /** Runs a command in the checkout; never throws for its exit code. */
  run(command: string, ...args: string[]): Promise<Ran> {
    return this.runWith({}, command, ...args);
  }

  runWith(env: Record<string, string>, command: string, ...args: string[]): Promise<Ran> {
    return this.runWithInput("", env, command, ...args);
  }

  runWithInput(input: string, env: Record<string, string>, command: string, ...args: string[]): Promise<Ran> {
    return run(command, args, {
      input,
      cwd: this.root,
      // A first start builds images; the limit only ends what hangs.
      timeoutMs: limit(900_000),
      env: { ...process.env, ...env, XDG_DATA_HOME: this.dataHome, NO_COLOR: "1" },
    });
  }

  longshore(...args: string[]): Promise<Ran> {
    return this.run("bin/longshore", ...args);
  }

  /** Runs `longshore … --json` and returns the document. @throws when it fails */
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
