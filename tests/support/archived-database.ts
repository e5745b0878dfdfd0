import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { system } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import { openDump, verifyDump } from "../../cli/backup/encryption";
import type { Store } from "../../cli/backup/job";
import {
  archivesOf,
  discardState,
  recoverState,
  type RecoveredState,
  type Window,
} from "../../cli/backup/point-in-time";
import { bring } from "../../cli/backup/restore";
import type { Container } from "../../cli/compose/docker";
import { backupJobOf } from "../../render/backup/machine";
import { renderCompose } from "../../render/compose";
import { healthCommand } from "../../tools/health-command";
import { docker, useDocker } from "./compose-stack";
import { eventually } from "./wait";

/** A row that the server acknowledged, and the times in milliseconds at which it was sent and acknowledged. */
export interface AcknowledgedRow {
  readonly row: number;
  readonly sent: number;
  readonly at: number;
}

/** The database `db` of the system `shop` and its archive in containers, from the documents that a plan renders to. */
export class ArchivedDatabase {
  readonly folder = mkdtempSync(join(tmpdir(), "longshore-archive-"));
  private readonly engine = { env: process.env };

  /** @param changed changes the text of the Compose document */
  constructor(
    readonly project: string,
    private readonly changed: (document: string) => string = (text) => text,
  ) {}

  async start(): Promise<void> {
    await useDocker(["postgres:17"]);
    this.write(this.plan(true));
    // The remainder of a killed run.
    this.compose("down", "--volumes", "--timeout", "2");
    this.compose("up", "--detach", "db-archive");
    await eventually("a moment can be restored", () => this.windows(), {
      until: ([one]) => one !== undefined && Date.parse(one.from) < Date.parse(one.until),
    });
  }

  remove(): void {
    // The document without an archive does not name its volume.
    this.write(this.plan(true));
    this.compose("down", "--volumes", "--timeout", "2");
    rmSync(this.folder, { recursive: true, force: true });
  }

  plan(isArchived: boolean): Plan {
    return planSystem(
      system("shop", ({ postgres }) => {
        postgres("db", { storage: "1Gi" });
      }),
      { environment: "dev", target: "compose", ...(isArchived && { pointInTime: { keepDays: 7 } }) },
    );
  }

  /** Writes the Compose document and its files. */
  write(plan: Plan): void {
    const { document, files, secretFiles } = renderCompose(plan, {
      project: this.project,
      imageReference: ({ source }) => (source.kind === "upstream" ? source.reference : ""),
      edgePort: 0,
    });
    const text = this.changed(
      JSON.stringify(document).replace('"CONFIRM_SECONDS":"10"', '"CONFIRM_SECONDS":"1"'),
    );
    const secrets = secretFiles.map(({ path, value }) => [path, `test-${JSON.stringify(value)}`] as const);
    for (const [path, content] of [...Object.entries(files), ...secrets, ["compose.json", text] as const]) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content, { mode: 0o644 });
    }
  }

  compose(...words: string[]): string {
    const file = join(this.folder, "compose.json");
    return docker("compose", "--project-name", this.project, "--file", file, ...words);
  }

  sql(statement: string): string {
    return docker("exec", `${this.project}-db-1`, ...psql("-c", statement));
  }

  /** Runs a script in the folder of the archive. */
  inArchive(script: string): string {
    return docker("exec", `${this.project}-db-archive-1`, "sh", "-c", `cd "$ARCHIVE" && ${script}`);
  }

  /** Returns the container of a service as the command line sees it. */
  container(service: string): Container {
    const [inspected] = JSON.parse(docker("inspect", `${this.project}-${service}-1`)) as [
      {
        Id: string;
        State: { Status: string };
        Config: { Image: string; Healthcheck?: { Test?: string[] } };
      },
    ];
    const check = healthCommand(inspected.Config.Healthcheck?.Test);
    return {
      id: inspected.Id,
      system: "shop",
      service,
      kind: "store",
      state: inspected.State.Status,
      health: "",
      exitCode: 0,
      restarts: 0,
      startedAt: "",
      image: inspected.Config.Image,
      published: [],
      waitsFor: [],
      ...(check && { check }),
    };
  }

  async windows(): Promise<readonly Window[]> {
    return (await archivesOf(this.engine, [this.container("db-archive")]))[0]?.windows ?? [];
  }

  async untilArchived(moment: string): Promise<void> {
    await eventually(`everything until ${moment} is archived`, () => this.windows(), {
      until: (all) => all.some(({ until }) => Date.parse(until) > Date.parse(moment)),
    });
  }

  /** Recovers the state at a moment into a file. */
  async recover(moment: string): Promise<RecoveredState> {
    const state = await recoverState(this.engine, this.store(), {
      moment,
      archived: this.container("db-archive"),
      dumps: join(this.folder, "dumps"),
      signal: new AbortController().signal,
    });
    assert.ok(state);
    return state;
  }

  /** Restores a recovered state, as the command line does. */
  async bring(state: RecoveredState): Promise<void> {
    const { folder, file, identity } = state;
    const sum = await verifyDump(folder, file, identity);
    await bring(this.engine, this.store(), {
      env: { RESTORE_ID: "test1", DUMP_SHA256: sum },
      signal: new AbortController().signal,
      input: await openDump(folder, file, identity),
    });
    await discardState(state);
  }

  /** Inserts one row after another into the table `log`. */
  writer() {
    const child = spawn("docker", ["exec", "--interactive", `${this.project}-db-1`, ...psql()]);
    const acknowledged: AcknowledgedRow[] = [];
    let row = Number(this.sql("SELECT coalesce(max(n), 0) FROM log"));
    let sent = 0;
    const next = () => {
      row += 1;
      sent = Date.now();
      child.stdin.write(`INSERT INTO log VALUES (${row}) RETURNING n;\n`);
    };
    const closed = once(child, "close");
    // The server may be killed meanwhile.
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", () => {
      acknowledged.push({ row, sent, at: Date.now() });
      next();
    });
    next();
    return {
      acknowledged,
      some: (count: number) =>
        eventually(`${count} rows are acknowledged`, () => acknowledged.length, {
          until: (rows) => rows >= count,
          everyMs: 20,
        }),
      stop: async () => {
        child.stdin.end();
        await closed;
      },
    };
  }

  rows(): number[] {
    const text = this.sql("SELECT n FROM log ORDER BY n");
    return text === "" ? [] : text.split("\n").map(Number);
  }

  private store(): Store {
    const plan = this.plan(true);
    const [datastore] = plan.datastores;
    const job = datastore && backupJobOf(plan, datastore);
    assert.ok(job);
    return { system: "shop", store: "db", job, container: this.container("db") };
  }
}

function psql(...words: string[]): string[] {
  return ["psql", "-U", "postgres", "-d", "shop", "-v", "ON_ERROR_STOP=1", "-Atq", ...words];
}
