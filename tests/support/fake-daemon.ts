import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { chmodSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A container of the stand-in, as `fake-daemon.cjs` keeps it. */
export interface FakeContainer {
  readonly id: string;
  readonly project?: string;
  readonly service?: string;
  readonly state: string;
  readonly health?: string;
  /** Of its configuration. @default "new" */
  readonly hash?: string;
  readonly volumes?: readonly string[];
  readonly readsVolumes?: readonly string[];
  readonly binds?: readonly string[];
  readonly started?: string;
  readonly created?: string;
  readonly exitCode?: number;
  readonly oom?: boolean;
  readonly memory?: number;
}

/** A docker command without Docker, first on the PATH, and a data folder of its own, until it is removed. */
export class FakeDaemon {
  readonly folder = mkdtempSync(join(tmpdir(), "longshore-daemon-"));
  private readonly before = { PATH: process.env["PATH"], XDG_DATA_HOME: process.env["XDG_DATA_HOME"] };

  constructor() {
    mkdirSync(join(this.folder, "containers"));
    copyFileSync(join(__dirname, "fake-daemon.cjs"), join(this.folder, "docker"));
    chmodSync(join(this.folder, "docker"), 0o755);
    process.env["PATH"] = `${this.folder}${delimiter}${this.before.PATH ?? ""}`;
    process.env["XDG_DATA_HOME"] = join(this.folder, "data");
  }

  add(one: FakeContainer): void {
    const complete = {
      project: "p",
      service: "db",
      created: `2026-01-0${this.all().length + 1}T00:00:00Z`,
      ...one,
    };
    writeFileSync(join(this.folder, "containers", one.id), JSON.stringify(complete));
  }

  all(): FakeContainer[] {
    const folder = join(this.folder, "containers");
    return readdirSync(folder).map(
      (id) => JSON.parse(readFileSync(join(folder, id), "utf8")) as FakeContainer,
    );
  }

  stateOf(id: string): string | undefined {
    return this.all().find((one) => one.id === id)?.state;
  }

  running(): string[] {
    return this.all()
      .filter(({ state }) => state === "running")
      .map(({ id }) => id);
  }

  write(name: string, content: unknown): void {
    writeFileSync(join(this.folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }

  /** The commands so far that begin with a word. */
  calls(word = ""): string[] {
    return this.lines("calls").filter((line) => line.startsWith(word));
  }

  lines(name: string): string[] {
    const file = join(this.folder, name);
    return existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => line !== "")
      : [];
  }

  remove(): void {
    for (const [name, value] of Object.entries(this.before)) {
      if (value === undefined) {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
        delete process.env[name];
      } else {
        process.env[name] = value;
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
