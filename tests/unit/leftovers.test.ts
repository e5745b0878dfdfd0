import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftoverReleases, removeReleases } from "../../cli/compose/leftovers";
import { projectFolder } from "../../providers/compose/project-folder";

describe("Releases that a killed deployment left behind", () => {
  const before = process.env["XDG_DATA_HOME"];
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "longshore-leftovers-"));
    process.env["XDG_DATA_HOME"] = home;
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
    if (before === undefined) {
      Reflect.deleteProperty(process.env, "XDG_DATA_HOME");
    } else {
      process.env["XDG_DATA_HOME"] = before;
    }
  });

  const releases = () => join(projectFolder("p"), "releases");
  const made = (...names: string[]) => {
    names.forEach((name, at) => {
      mkdirSync(join(releases(), name), { recursive: true });
      utimesSync(join(releases(), name), at + 1, at + 1);
    });
  };
  const find = (...mounted: string[]) =>
    leftoverReleases("p", (args) =>
      Promise.resolve(
        args[0] === "ps" ? "c1\n" : mounted.map((name) => `${join(releases(), name)}/file`).join("\n"),
      ),
    ).then((folders) => folders.map((folder) => folder.slice(releases().length + 1)));

  it("are those that no container mounts, drafts among them, but not the newest one", async () => {
    made("one", "two", ".three.123", "four");
    assert.deepEqual((await find("two")).sort(), [".three.123", "one"]);
    removeReleases((await find("two")).map((name) => join(releases(), name)));
    assert.equal(existsSync(join(releases(), "one")), false);
    assert.deepEqual(await find("two"), []);
  });

  it("are none while a deployment is unfinished, or when no container tells which release is in use", async () => {
    made("one", "two", "three");
    assert.deepEqual(await find(), []);
    writeFileSync(join(projectFolder("p"), "unfinished"), "an interrupted deployment");
    assert.deepEqual(await find("two"), []);
  });

  it("are not looked for where nothing was deployed", async () => {
    assert.deepEqual(await find("one"), []);
  });
});
