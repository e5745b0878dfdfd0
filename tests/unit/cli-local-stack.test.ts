import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineCommand, EngineError } from "../../cli/engine/command";
import { generateText } from "../../cli/secrets/generate";
import { ConfigDraft } from "../../cli/config/draft";
import { localEnvironment, localFiles, prepareLocalFiles } from "../../cli/engine/local-stack";
import { loadSettings } from "../../cli/support/plans";
import { Failure } from "../../cli/support/failure";

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) {
      Reflect.deleteProperty(process.env, name);
    } else {
      process.env[name] = value;
    }
  }
}

describe("cli: the local stack's private files", () => {
  let root: string;
  let data: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "longshore-root-"));
    data = join(mkdtempSync(join(tmpdir(), "longshore-data-")), "longshore");
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
    rmSync(join(data, ".."), { recursive: true });
  });

  it("are made outside of the checkout, for their owner only, whatever the umask says", () => {
    const before = process.umask(0);
    try {
      prepareLocalFiles(localFiles(data, root, "local"));
    } finally {
      process.umask(before);
    }
    const files = localFiles(data, root, "local");
    assert.equal(mode(files.folder), "700");
    assert.equal(mode(files.state), "700");
    assert.equal(mode(files.passphrase), "600");
    assert.equal(mode(files.settings), "600");
    assert.equal(readlinkSync(files.link), files.settings);
    assert.ok(readFileSync(files.passphrase, "utf8").trim().length >= 40);
  });

  it("stay as they are the second time", () => {
    const files = localFiles(data, root, "local");
    prepareLocalFiles(files);
    const passphrase = readFileSync(files.passphrase, "utf8");
    writeFileSync(files.settings, "config: {}\n");
    prepareLocalFiles(files);
    assert.equal(readFileSync(files.passphrase, "utf8"), passphrase);
    assert.equal(readFileSync(files.settings, "utf8"), "config: {}\n");
  });

  it("set a link to another place right, and leave a person's own settings file alone", () => {
    const files = localFiles(data, root, "local");
    symlinkSync("/nowhere/Pulumi.local.yaml", files.link);
    prepareLocalFiles(files);
    assert.equal(readlinkSync(files.link), files.settings);
    rmSync(files.link);
    writeFileSync(files.link, "config: {}\n");
    prepareLocalFiles(files);
    assert.equal(lstatSync(files.link).isFile(), true);
  });

  it("refuse to make a new passphrase for a state that another one encrypted", () => {
    const files = localFiles(data, root, "local");
    mkdirSync(join(files.state, ".pulumi", "stacks", "longshore"), { recursive: true });
    writeFileSync(join(files.state, ".pulumi", "stacks", "longshore", "local.json"), "{}");
    assert.throws(
      () => {
        prepareLocalFiles(files);
      },
      (error) => error instanceof Failure && error.exitCode === 2 && error.message.includes("put it back"),
    );
    assert.equal(existsSync(files.passphrase), false);
  });

  it("are read where they are, so that a new checkout does not generate secrets that a database knows by other values", () => {
    const { LONGSHORE_ROOT, XDG_DATA_HOME } = process.env;
    Object.assign(process.env, { LONGSHORE_ROOT: root, XDG_DATA_HOME: join(data, "..") });
    try {
      const files = localFiles(data, root, "local");
      assert.deepEqual(loadSettings("local").secretsSet.todo, []);
      mkdirSync(data, { recursive: true });
      const secure = "{ secure: v1:abc:def }";
      const content = `config:\n  longshore:secrets:\n    todo:\n      db-admin-password: ${secure}\n`;
      writeFileSync(files.settings, content);
      assert.deepEqual(loadSettings("local").secretsSet.todo, ["db-admin-password"], "no link yet");
      symlinkSync("/elsewhere/Pulumi.local.yaml", files.link);
      assert.deepEqual(
        loadSettings("local").secretsSet.todo,
        ["db-admin-password"],
        "a link of another data folder",
      );
      rmSync(files.link);
      writeFileSync(files.link, "config: {}\n");
      assert.deepEqual(loadSettings("local").secretsSet.todo, [], "a person's own file wins");
    } finally {
      restore({ LONGSHORE_ROOT, XDG_DATA_HOME });
    }
  });

  it("are named to the engine by variables", () => {
    assert.deepEqual(localEnvironment(localFiles("/home/ada lovelace/longshore", root, "local")), {
      PULUMI_BACKEND_URL: "file:///home/ada%20lovelace/longshore/state",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/home/ada lovelace/longshore/passphrase",
    });
  });

  it("get secrets through standard input: no argument ever holds a value", async () => {
    const fake = join(root, "pulumi");
    writeFileSync(
      fake,
      `#!/bin/sh\nprintf '%s\\n' "$@" > "${root}/arguments"\ncat > "${root}/input"\nenv > "${root}/variables"\n`,
    );
    chmodSync(fake, 0o700);
    const value = `${generateText(32)}"$'`;
    const command = new EngineCommand(fake, "3.250.0");
    const draft = new ConfigDraft({ command, workDir: root, env: {}, stack: "local" }, root);
    await draft.setSecret("longshore:secrets.todo.key", value);
    assert.equal(readFileSync(join(root, "input"), "utf8"), value);
    assert.doesNotMatch(readFileSync(join(root, "arguments"), "utf8"), new RegExp(value.slice(0, 32)));
    assert.doesNotMatch(readFileSync(join(root, "variables"), "utf8"), new RegExp(value.slice(0, 32)));
  });

  it("tell what the engine said when it refuses, without its labels", async () => {
    const fake = join(root, "pulumi");
    writeFileSync(
      fake,
      "#!/bin/sh\necho 'error: no stack named \\'prod\\' found' >&2\nexit 255\n".replaceAll("\\'", ""),
    );
    chmodSync(fake, 0o700);
    await assert.rejects(
      new EngineCommand(fake, "3.250.0").run(["up"], { cwd: root, env: {} }),
      (error) =>
        error instanceof EngineError && error.message === "no stack named prod found" && error.isStackMissing,
    );
  });
});
