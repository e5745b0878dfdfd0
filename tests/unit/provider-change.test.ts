import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { load } from "js-yaml";
import { describe, it } from "mocha";
import { ConfigCopies } from "../../cli/config/copies";
import { configFromHistory } from "../../cli/config/history";
import { ProviderChangeFolder, requireNoProviderChange } from "../../cli/config/provider-change";
import { Failure } from "../../cli/support/failure";
import { KILLED, MemoryDisk } from "../support/memory-disk";

const TARGET = "/data/Pulumi.local.yaml";
const PASSPHRASE = "/data/passphrase.local";
/** Returns a stand-in for content encrypted with a passphrase. */
const encrypted = (passphrase: string) =>
  `config: { longshore:secrets: { todo: { a: { secure: ${passphrase} } } } }\n`;
const decrypts = (passphrase: string | undefined, content: string | undefined) =>
  passphrase !== undefined && content?.includes(passphrase.trim()) === true;

/** A backend whose import may be killed before or after the state is written. */
class Backend {
  state: string;
  private readonly killed: Set<"before" | "after">;

  constructor(state: string, kill?: "before" | "after") {
    this.state = state;
    this.killed = new Set(kill ? [kill] : []);
  }

  /** Decrypts the state's secrets with the given passphrase, like the engine. */
  import = (disk: MemoryDisk) => (state: string, passphraseFile: string | undefined) => {
    if (this.killed.delete("before")) {
      return Promise.reject(KILLED);
    }
    assert.ok(decrypts(disk.read(passphraseFile ?? ""), state), "the passphrase does not fit the state");
    this.state = state;
    return this.killed.delete("after") ? Promise.reject(KILLED) : Promise.resolve();
  };
}

const CHANGE = {
  stack: "local",
  provider: "passphrase",
  target: TARGET,
  passphraseFile: PASSPHRASE,
  since: "2026-11-30T10:00:00Z",
};

async function run(disk: MemoryDisk, backend: Backend): Promise<void> {
  const folder = new ProviderChangeFolder("local", "/data", disk);
  folder.clear();
  folder.commit(CHANGE, encrypted("old-passphrase"), {
    config: encrypted("new-passphrase"),
    state: encrypted("new-passphrase"),
    passphrase: "new-passphrase",
  });
  await folder.complete(backend.import(disk));
}

/** Does the same as `longshore recover`. */
async function recover(disk: MemoryDisk, backend: Backend): Promise<void> {
  const folder = new ProviderChangeFolder("local", "/data", disk);
  if (folder.unfinished() !== undefined) {
    await folder.complete(backend.import(disk));
  } else if (folder.hasRemains()) {
    folder.discard();
  }
}

const start = () =>
  new MemoryDisk({ [TARGET]: encrypted("old-passphrase"), [PASSPHRASE]: "old-passphrase\n" });

function passphraseThatFits(disk: MemoryDisk, content: string | undefined): boolean {
  const next = new ProviderChangeFolder("local", "/data", disk).passphraseFile;
  return [PASSPHRASE, next].some((file) => decrypts(disk.read(file), content));
}

describe("Change of the secrets provider", () => {
  it("re-encrypts config and state, and leaves no copy of the old encryption", async () => {
    const disk = start();
    const backend = new Backend(encrypted("old-passphrase"));
    new ConfigCopies("local", "/data", disk).keep(encrypted("old-passphrase"));
    await run(disk, backend);
    assert.equal(disk.read(TARGET), encrypted("new-passphrase"));
    assert.equal(backend.state, encrypted("new-passphrase"));
    assert.equal(disk.read(PASSPHRASE), "new-passphrase\n");
    assert.deepEqual(disk.list("/data/provider-change/local"), []);
    assert.deepEqual(
      new ConfigCopies("local", "/data", disk).all().map(({ content }) => content),
      [encrypted("new-passphrase")],
    );
  });

  it("leaves a passphrase that decrypts after a kill or a full disk at any point, and is completed or undone by recover", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.constantFrom("kill", "full"),
        fc.option(fc.constantFrom("before", "after"), { nil: undefined }),
        fc.array(fc.nat(15), { maxLength: 3 }),
        async (at, failure, cut, again) => {
          let disk = start();
          const backend = new Backend(encrypted("old-passphrase"), cut);
          disk.failAt(at, failure);
          await run(disk, backend).catch((error: unknown) => {
            assert.ok(error === KILLED || /ENOSPC/.test(String(error)), String(error));
          });
          // Kills the recovery several times as well.
          for (const point of [...again, Infinity]) {
            disk = disk.afterCrash();
            assert.ok(passphraseThatFits(disk, disk.read(TARGET)), "nothing decrypts the config");
            assert.ok(passphraseThatFits(disk, backend.state), "nothing decrypts the state");
            disk.failAt(point, "kill");
            await recover(disk, backend).catch((error: unknown) => {
              assert.equal(error, KILLED);
            });
          }
          const passphrase = disk.read(PASSPHRASE);
          assert.ok(decrypts(passphrase, disk.read(TARGET)), "the passphrase decrypts the config");
          assert.ok(decrypts(passphrase, backend.state), "the passphrase decrypts the state");
          const folder = new ProviderChangeFolder("local", "/data", disk);
          assert.ok(folder.unfinished() === undefined && !folder.hasRemains());
        },
      ),
      { numRuns: 500 },
    );
  });

  it("does not overwrite a stack file that was changed after the new encryption was prepared", async () => {
    const disk = start();
    const folder = new ProviderChangeFolder("local", "/data", disk);
    folder.clear();
    folder.commit(CHANGE, encrypted("old-passphrase"), {
      config: encrypted("new-passphrase"),
      state: encrypted("new-passphrase"),
      passphrase: "new-passphrase",
    });
    disk.remove(TARGET);
    disk.create(TARGET, "config: {}\n", 0o600);
    const backend = new Backend(encrypted("old-passphrase"));
    await assert.rejects(folder.complete(backend.import(disk)), /was changed after the new encryption/);
    assert.equal(backend.state, encrypted("old-passphrase"));
    assert.equal(disk.read(TARGET), "config: {}\n");
  });
});

describe("While a change of the secrets provider is unfinished", () => {
  it("commands that need config are refused, and only of that stack", () => {
    const home = mkdtempSync(join(tmpdir(), "longshore-provider-"));
    const { XDG_DATA_HOME: before } = process.env;
    process.env["XDG_DATA_HOME"] = home;
    try {
      const folder = new ProviderChangeFolder("local");
      folder.clear();
      requireNoProviderChange("local");
      folder.commit(CHANGE, "", { config: "", state: "", passphrase: "x" });
      assert.throws(
        () => {
          requireNoProviderChange("local");
        },
        (error) =>
          error instanceof Failure && /fix: bin\/longshore recover --stack local/.test(error.message),
      );
      requireNoProviderChange("prod");
    } finally {
      restoreVariable("XDG_DATA_HOME", before);
      rmSync(home, { recursive: true });
    }
  });
});

function restoreVariable(name: string, value: string | undefined): void {
  if (value === undefined) {
    Reflect.deleteProperty(process.env, name);
  } else {
    process.env[name] = value;
  }
}

describe("The stack file in the history of deployments", () => {
  const folder = "/state/.pulumi/history/longshore/local";
  const config = { "longshore:secrets": { todo: { a: { secure: "v1:x" } } } };
  const salted = (salt: string) =>
    JSON.stringify({
      checkpoint: { latest: { secrets_providers: { type: "passphrase", state: { salt } } } },
    });

  it("is that of the last deployment, with the salt of its state", () => {
    const disk = new MemoryDisk({
      [`${folder}/local-999.history.json`]: JSON.stringify({ config: {} }),
      [`${folder}/local-999.checkpoint.json`]: salted("old"),
      [`${folder}/local-1000.history.json`]: JSON.stringify({ config }),
      [`${folder}/local-1000.checkpoint.json`]: salted("v1:salt"),
    });
    const content = configFromHistory("/state", "longshore", "local", disk) ?? "";
    assert.deepEqual(load(content), { encryptionsalt: "v1:salt", config });
  });

  it("is taken from the deployment before when the last entry was cut off, and is absent without any", () => {
    const disk = new MemoryDisk({
      [`${folder}/local-1000.history.json`]: JSON.stringify({ config }),
      [`${folder}/local-1000.checkpoint.json`]: salted("v1:salt"),
      [`${folder}/local-1001.history.json`]: '{"config": {"longs',
    });
    assert.match(configFromHistory("/state", "longshore", "local", disk) ?? "", /v1:salt/);
    assert.equal(configFromHistory("/state", "longshore", "local", new MemoryDisk()), undefined);
  });
});
