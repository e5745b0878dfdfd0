import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { Checkout } from "../support/checkout";

const PLAIN = "sk-plain-value-of-a-person";

interface Check {
  readonly valuesRead: boolean;
  readonly missing: readonly string[];
}

/** Uses the real engine without containers: config, state and passphrase of a local stack. */
describe("config of a stack of this machine", function () {
  this.timeout(180_000);
  this.bail(true);
  let checkout: Checkout;
  const file = () => join(checkout.data, "Pulumi.local.yaml");
  const check = async () => {
    const { stdout } = await checkout.longshore("secrets", "check", "--system", "todo", "--json");
    return JSON.parse(stdout) as Check;
  };
  const fine = async (...args: string[]) => {
    const { code, stdout, stderr } = await checkout.longshore(...args);
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout + stderr;
  };

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal(`config:\n  longshore:secrets:\n    todo:\n      openai-api-key: ${PLAIN}\n`);
  });
  after(() => {
    checkout.remove();
  });

  it("has its plain secrets encrypted in place by `secrets encrypt`", async () => {
    assert.match(await fine("secrets", "encrypt"), /encrypted secrets\.todo\.openai-api-key/);
    assert.ok(!readFileSync(file(), "utf8").includes(PLAIN));
    await fine("validate");
  });

  it("keeps what was generated before when the stack file is truncated, and gets it back from a copy", async () => {
    await fine("secrets", "generate", "--system", "todo");
    const whole = readFileSync(file(), "utf8");
    writeFileSync(file(), whole.slice(0, whole.indexOf("db-migrate-password")));
    const { code, stderr } = await checkout.longshore("secrets", "generate", "--system", "todo");
    assert.equal(code, 2, stderr);
    assert.match(stderr, /todo\.secrets\.db-migrate-password: expected the value that was generated before/);
    assert.match(stderr, /bin\/longshore recover --stack local/);
    await fine("recover", "--yes");
    assert.equal(readFileSync(file(), "utf8"), whole);
    rmSync(file());
    await fine("recover", "--yes");
    assert.equal(readFileSync(file(), "utf8"), whole);
  });

  it("counts in `secrets check` what `secrets list` lists, and calls nothing missing that `up` generates", async () => {
    const { secrets: listed } = await checkout.json<{ secrets: readonly { set: string }[] }>(
      "secrets",
      "list",
    );
    assert.ok(listed.some(({ set }) => set === "by up"));
    const { stdout } = await checkout.longshore("secrets", "check", "--no-values", "--json");
    const { secrets, missing } = JSON.parse(stdout) as { secrets: number; missing: readonly string[] };
    assert.equal(secrets, listed.length);
    assert.deepEqual(missing, []);
  });

  it("shows a value on a terminal only, after a question, and records the access without the value", async () => {
    const name = "todo.db-app-password";
    const piped = await checkout.longshore("secrets", "show", name);
    assert.equal(piped.code, 2);
    assert.match(piped.stderr, /secrets show todo\.db-app-password: expected a terminal/);
    const declined = await checkout.onTerminal("n\n", `bin/longshore secrets show ${name}`);
    assert.match(declined, /nothing was changed/);
    assert.ok(!existsSync(join(checkout.data, "audit.jsonl")));

    const [value = ""] =
      /\b\w{32}\b/.exec(await checkout.onTerminal("y\n", `bin/longshore secrets show ${name}`)) ?? [];
    assert.equal(value.length, 32);
    const recorded = checkout.readData("audit.jsonl");
    const line = JSON.parse(recorded) as Record<string, unknown>;
    assert.deepEqual([line["action"], line["stack"], line["secret"]], ["secrets show", "local", name]);
    assert.ok(!recorded.includes(value));
    assert.equal(statSync(join(checkout.data, "audit.jsonl")).mode & 0o777, 0o600);

    const bin = join(checkout.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "xclip"), `#!/bin/sh\ncat > ${checkout.folder}/clipboard\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, DISPLAY: ":0", WAYLAND_DISPLAY: "" };
    const copied = await checkout.runWith(env, "bin/longshore", "secrets", "show", name, "--clipboard");
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal(readFileSync(join(checkout.folder, "clipboard"), "utf8"), value);
    assert.ok(!(copied.stdout + copied.stderr).includes(value));
    assert.equal(checkout.readData("audit.jsonl").trimEnd().split("\n").length, 2);
  });

  it("makes one rotation of two that are asked for before a deployment", async () => {
    assert.match(await fine("secrets", "rotate", "todo.db-app-password"), /generation 2 is in config/);
    assert.match(await fine("secrets", "rotate", "todo.db-app-password"), /generation 2 is not deployed yet/);
    const content = readFileSync(file(), "utf8");
    assert.match(content, /db-app-password:\n/);
    assert.match(content, /db-app-password@2:\n/);
    assert.doesNotMatch(content, /db-app-password@3/);
  });

  it("is encrypted again with another passphrase, and every value can be read afterwards", async () => {
    const before = readFileSync(file(), "utf8");
    await fine("secrets", "provider", "passphrase");
    assert.notEqual(readFileSync(file(), "utf8"), before);
    const { valuesRead, missing } = await check();
    assert.deepEqual({ valuesRead, missing }, { valuesRead: true, missing: [] });
  });
});
