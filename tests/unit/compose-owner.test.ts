import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { requireOwned } from "../../cli/compose/owned";
import {
  claimProject,
  dataVolumes,
  ownerVolume,
  readOwners,
  releaseProject,
  takeOver,
  wasDeployedFromHere,
  type DockerOutput,
} from "../../providers/compose/owner";
import { dataDir } from "../../tools/paths";

/** A fake daemon with volumes, their labels, and containers by project. */
class Daemon {
  readonly volumes = new Map<string, Map<string, string>>();
  readonly containers = new Set<string>();

  readonly docker: DockerOutput = (args) => {
    const filter = /^label=([^=]+)(?:=(.*))?$/.exec(args[args.indexOf("--filter") + 1] ?? "");
    switch (`${args[0]} ${args[1]}`) {
      case "ps --all":
        return Promise.resolve(this.containers.has(filter?.[2] ?? "") ? "c1\n" : "");
      case "volume ls":
        return Promise.resolve(this.list(args, filter));
      case "volume create": {
        const labels = args.flatMap((word, at) =>
          word === "--label" ? [(args[at + 1] ?? "").split("=") as [string, string]] : [],
        );
        const name = args.at(-1) ?? "";
        // Like the real daemon: `volume create` returns an existing volume with its labels unchanged.
        if (!this.volumes.has(name)) {
          this.volumes.set(name, new Map(labels));
        }
        return Promise.resolve(name);
      }
      case "volume rm":
        args.slice(2).forEach((name) => this.volumes.delete(name));
        return Promise.resolve("");
      default:
        throw new Error(`not expected: docker ${args.join(" ")}`);
    }
  };

  private list(args: readonly string[], filter: RegExpExecArray | null): string {
    const [, label = "", value] = filter ?? [];
    const found = [...this.volumes].filter(
      ([, labels]) => labels.has(label) && (value === undefined || labels.get(label) === value),
    );
    const format = args[args.indexOf("--format") + 1] ?? "";
    return found
      .map(([name, labels]) =>
        args.includes("--format")
          ? format
              .replace("{{.Name}}", name)
              .replace(/\{\{\.Label "([^"]+)"\}\}/g, (_, key: string) => labels.get(key) ?? "")
          : name,
      )
      .join("\n");
  }
}

describe("Owner of a Compose project", () => {
  const before = process.env["XDG_DATA_HOME"];
  const homes: string[] = [];
  let daemon: Daemon;

  /** Switches to another data folder, as for another user, HOME or container. */
  const as = (name: string): void => {
    process.env["XDG_DATA_HOME"] = join(homes[0] ?? "", name);
  };
  beforeEach(() => {
    homes.splice(0, 1, mkdtempSync(join(tmpdir(), "longshore-owner-")));
    daemon = new Daemon();
    as("ada");
  });
  afterEach(() => {
    rmSync(homes[0] ?? "", { recursive: true, force: true });
    if (before === undefined) {
      Reflect.deleteProperty(process.env, "XDG_DATA_HOME");
    } else {
      process.env["XDG_DATA_HOME"] = before;
    }
  });
  const data = (project: string) => {
    daemon.volumes.set(`${project}_db`, new Map([["com.docker.compose.project", project]]));
  };

  it("is the first installation that deploys it, and every other one is refused with the remedy", async () => {
    await claimProject("todo-local", false, daemon.docker);
    data("todo-local");
    await claimProject("todo-local", false, daemon.docker);
    as("bob");
    for (const isKnown of [false, true]) {
      await assert.rejects(
        claimProject("todo-local", isKnown, daemon.docker),
        /project todo-local: expected to belong to this data folder \(.*bob\/longshore\), got installation [0-9a-f]{6} of .*ada\/longshore; nothing was changed; fix: .*recover take-over:todo-local/,
      );
    }
    await assert.rejects(requireOwned(["todo-local"], daemon.docker), /fix: use .*ada\/longshore/);
  });

  it("refuses containers and volumes without an owner that this data folder has not deployed", async () => {
    data("todo-local");
    await assert.rejects(
      claimProject("todo-local", false, daemon.docker),
      /has never deployed; nothing was changed/,
    );
    await assert.rejects(
      requireOwned(["todo-local"], daemon.docker),
      /has never deployed; nothing was changed/,
    );
    assert.deepEqual(await readOwners(daemon.docker), []);
    daemon.volumes.clear();
    daemon.containers.add("todo-local");
    await assert.rejects(claimProject("todo-local", false, daemon.docker), /has never deployed/);
  });

  it("adopts the volumes of version 0.1 where this data folder knows the project", async () => {
    data("todo-local");
    const history = join(dataDir(), "state/.pulumi/history/longshore/local");
    mkdirSync(history, { recursive: true });
    writeFileSync(
      join(history, "local-1.checkpoint.json"),
      JSON.stringify({ resources: [{ id: "todo-local" }] }, null, 4),
    );
    assert.equal(wasDeployedFromHere("todo-local"), true);
    assert.equal(wasDeployedFromHere("todo"), false);
    assert.equal(wasDeployedFromHere("todo.local"), false);
    await requireOwned(["todo-local"], daemon.docker);
    await claimProject("todo-local", false, daemon.docker);
    assert.deepEqual(
      (await readOwners(daemon.docker)).map(({ project }) => project),
      ["todo-local"],
    );
  });

  it("is asked for by a person before it changes, and the former owner is refused then", async () => {
    await claimProject("todo-local", false, daemon.docker);
    data("todo-local");
    as("bob");
    await takeOver("todo-local", daemon.docker);
    await claimProject("todo-local", false, daemon.docker);
    as("ada");
    await assert.rejects(claimProject("todo-local", true, daemon.docker), /of .* in .*bob\/longshore/);
  });

  it("stays while data is left, and gives the name back when nothing is", async () => {
    await claimProject("todo-local", false, daemon.docker);
    data("todo-local");
    await releaseProject("todo-local", daemon.docker);
    assert.ok(daemon.volumes.has(ownerVolume("todo-local")));
    daemon.volumes.delete("todo-local_db");
    await releaseProject("todo-local", daemon.docker);
    assert.deepEqual([...daemon.volumes.keys()], []);
    as("bob");
    await claimProject("todo-local", false, daemon.docker);
  });

  it("is no data: its volume is in no list of volumes that hold some", () => {
    assert.deepEqual(dataVolumes(`p_db\n${ownerVolume("p")}\n`), ["p_db"]);
  });

  it("is never two installations, whatever they do and in whatever order (model)", async () => {
    const who = fc.constantFrom("ada", "bob", "eve");
    const step = fc.record({ who, does: fc.constantFrom("up", "down", "down --volumes", "take-over") });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const machine = new Daemon();
        let owner: string | undefined;
        for (const { who: user, does } of steps) {
          as(user);
          const tried = async (work: Promise<unknown>): Promise<boolean> =>
            work.then(
              () => true,
              () => false,
            );
          const isFree = owner === undefined || owner === user;
          switch (does) {
            case "up":
              assert.equal(await tried(claimProject("p", false, machine.docker)), isFree);
              if (isFree) {
                owner = user;
                machine.volumes.set("p_db", new Map([["com.docker.compose.project", "p"]]));
                machine.containers.add("p");
              }
              break;
            case "down":
            case "down --volumes":
              assert.equal(await tried(requireOwned(["p"], machine.docker)), isFree);
              if (owner === user) {
                machine.containers.clear();
                if (does === "down --volumes") {
                  machine.volumes.delete("p_db");
                }
                await releaseProject("p", machine.docker);
                owner = machine.volumes.has("p_db") ? user : undefined;
              }
              break;
            default:
              await takeOver("p", machine.docker);
              owner = user;
          }
          assert.ok((await readOwners(machine.docker)).length <= 1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
