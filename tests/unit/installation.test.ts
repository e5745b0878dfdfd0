import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeProjectName } from "../../tools/compose-project-name";
import { ensureInstallation, readInstallation } from "../../tools/installation";

const ROOT = join(__dirname, "..", "..");

describe("Installation of a data folder", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "longshore-home-"));
  });
  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
  });

  const usual = (): NodeJS.ProcessEnv => ({ HOME: home });
  const named = (): NodeJS.ProcessEnv => ({ HOME: "/elsewhere", XDG_DATA_HOME: join(home, ".local/share") });
  const folder = () => join(home, ".local/share/longshore");
  const made = (...names: string[]) => {
    names.forEach((name) => mkdirSync(join(folder(), name), { recursive: true }));
  };
  const project = (env: NodeJS.ProcessEnv) => composeProjectName("todo", "local", env);

  it("is created once, for its user only, and leaves no draft", () => {
    const created = ensureInstallation(usual());
    assert.match(created.id, /^[0-9a-f]{32}$/);
    assert.deepEqual(ensureInstallation(usual()), created);
    assert.deepEqual(readdirSync(folder()), ["installation.json"]);
    assert.equal(statSync(join(folder(), "installation.json")).mode & 0o777, 0o600);
    assert.equal(statSync(folder()).mode & 0o777, 0o700);
  });

  it("gives two homes different project names", () => {
    const other = mkdtempSync(join(tmpdir(), "longshore-home-"));
    try {
      ensureInstallation(usual());
      ensureInstallation({ HOME: other });
      assert.match(project(usual()), /^todo-local-[0-9a-f]{6}$/);
      assert.notEqual(project(usual()), project({ HOME: other }));
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("gives the host and a container that names the same folder the same project names", () => {
    ensureInstallation(usual());
    assert.equal(project(usual()), project(named()));
  });

  it("keeps the names of a folder that version 0.1 has used, so that its volumes stay in use", () => {
    made("state/.pulumi/stacks");
    assert.equal(project(usual()), "todo-local", "before the identity exists");
    ensureInstallation(usual());
    assert.equal(project(usual()), "todo-local");
    assert.equal(project(named()), "todo-local", "also from a dev container");
  });

  it("finds the names of version 0.1 in the projects that it left, also from a dev container", () => {
    made("state/.pulumi/stacks", "projects/todo-local");
    ensureInstallation(named());
    assert.equal(project(usual()), "todo-local");
  });

  it("does not give two first runs at once two identities", async function () {
    this.timeout(30_000);
    const code = `process.stdout.write(require("./tools/installation.ts").ensureInstallation().id)`;
    const runs = Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ["--import", "tsx", "-e", code], {
        cwd: ROOT,
        env: { ...process.env, HOME: home, XDG_DATA_HOME: "" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.on("data", (data: Buffer) => (text += data.toString()));
      await once(child, "close");
      return text;
    });
    const ids = await Promise.all(runs);
    assert.deepEqual(new Set(ids), new Set([readInstallation(usual())?.id]));
  });

  it("names the file and the way out when it is damaged, and never makes another identity", () => {
    made(".");
    for (const content of ["", "{}", '{"id": "x"', '{"id": "00", "suffix": ""}']) {
      writeFileSync(join(folder(), "installation.json"), content);
      assert.throws(
        () => ensureInstallation(usual()),
        /installation\.json: expected an id and a suffix.*fix: put the file back/,
      );
      assert.equal(readFileSync(join(folder(), "installation.json"), "utf8"), content);
    }
  });

  it("refuses the data folder of another user, as under sudo, before anything is written", async function () {
    this.timeout(30_000);
    if (process.getuid?.() !== 0) {
      this.skip();
    }
    const { chownSync } = await import("node:fs");
    made(".");
    chownSync(folder(), 12_345, 12_345);
    assert.throws(
      () => ensureInstallation(usual()),
      /longshore: expected a folder of the user root, got one of the user 12345; fix: run the command as 12345 \(without sudo\)/,
    );
    assert.deepEqual(readdirSync(folder()), []);
  });
});
