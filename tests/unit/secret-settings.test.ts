import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "mocha";
import * as pulumi from "@pulumi/pulumi";
import { ProblemsError } from "../../base/problems";
import { inCommits } from "../../cli/documents/committed-secrets";
import { withoutLineEnd } from "../../cli/commands/secrets/set";
import { Failure } from "../../cli/support/failure";
import { textOf } from "../../cli/support/hidden-input";
import { loadStack } from "../../settings";
import { engineSettings } from "../../settings/engine";
import {
  configPath,
  encryptionProblems,
  plainSecrets,
  SECRET_SETTINGS,
} from "../../settings/secret-settings";
import { systems } from "../../stacks";

const PLAIN = "sk-plain-value-of-a-person";
const SECURE = "{ secure: v1:abc:def }";

describe("Settings that hold secrets", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-settings-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function problemsOf(config: string, stack = "local") {
    writeFileSync(join(folder, `Pulumi.${stack}.yaml`), `config:\n${config}`);
    try {
      loadStack(folder, stack, systems);
      return [];
    } catch (error) {
      assert.ok(error instanceof ProblemsError, String(error));
      assert.ok(!error.message.includes(PLAIN), "the value is part of the message");
      return error.problems;
    }
  }

  it("refuse a secret in plain text and name the command that encrypts it", () => {
    const [problem, ...others] = problemsOf(
      `  longshore:secrets: { todo: { openai-api-key: ${PLAIN}, db-app-password: ${SECURE} } }\n`,
    );
    assert.deepEqual(others, []);
    assert.equal(problem?.path, "secrets.todo.openai-api-key");
    assert.equal(problem.message, "expected an encrypted value, got plain text");
    assert.match(problem.fix ?? "", /^run: bin\/longshore secrets encrypt --stack local/);
  });

  it("accept the same secret encrypted", () => {
    assert.deepEqual(problemsOf(`  longshore:secrets: { todo: { openai-api-key: ${SECURE} } }\n`), []);
  });

  it("are all refused in plain text, whatever their place in the list", () => {
    for (const { path, mayBePlain = false } of SECRET_SETTINGS) {
      const keys = path.map((key, index) =>
        key === "*" ? (["todo", "openai-api-key"][index - 1] ?? "") : key,
      );
      const values = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), PLAIN);
      const found = encryptionProblems(values as Record<string, unknown>, "prod");
      assert.deepEqual(
        found.map((problem) => problem.path),
        mayBePlain ? [] : [keys.join(".")],
      );
    }
  });

  it("are the only settings that may be encrypted: others would be shown", () => {
    const [problem] = problemsOf(`  longshore:todo: { settings: { logLevel: ${SECURE} } }\n`);
    assert.equal(problem?.path, "todo.settings.logLevel");
    assert.match(problem.message, /^expected plain text, got an encrypted value/);
    assert.match(problem.fix ?? "", /secret\("logLevel"\) in stacks\/todo\.ts/);
  });

  it("are reported together with the other problems of the file", () => {
    const paths = problemsOf(
      `  longshore:domian: x\n  longshore:secrets: { todo: { openai-api-key: ${PLAIN} } }\n`,
    ).map(({ path }) => path);
    assert.deepEqual(paths.sort(), ["domian", "secrets.todo.openai-api-key"]);
  });

  it("are recognized by the engine: an encrypted value of another setting is refused before it is used", () => {
    // Another test file in the same process may have set the project.
    const key = `${pulumi.getProject()}:todo`;
    pulumi.runtime.setAllConfig({ [key]: '{"settings":{"logLevel":"debug"}}' }, [key]);
    try {
      assert.throws(() => engineSettings(systems), /todo: expected plain text, got an encrypted value/);
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("are found wherever they are, and nothing else is", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("todo", "nexus"),
          fc.dictionary(fc.string({ minLength: 1 }), fc.boolean()),
        ),
        (secrets) => {
          const value = (isEncrypted: boolean) => (isEncrypted ? "[encrypted]" : PLAIN);
          const values = Object.fromEntries(
            Object.entries(secrets).map(([system, of]) => [
              system,
              Object.fromEntries(Object.entries(of).map(([name, encrypted]) => [name, value(encrypted)])),
            ]),
          );
          const expected = Object.entries(secrets).flatMap(([system, of]) =>
            Object.entries(of).flatMap(([name, encrypted]) => (encrypted ? [] : [["secrets", system, name]])),
          );
          assert.deepEqual(plainSecrets({ secrets: values, domain: PLAIN }), expected);
        },
      ),
    );
  });

  it("have paths that `pulumi config --path` reads", () => {
    assert.equal(
      configPath(["secrets", "todo", "db-app-password@2"]),
      "longshore:secrets.todo.db-app-password@2",
    );
    assert.equal(configPath(["secrets", "todo", "a.b"]), 'longshore:secrets.todo["a.b"]');
  });
});

describe("Secrets in the commits of a pull request", () => {
  it("are found in a commit even when a later one encrypts them", () => {
    const folder = mkdtempSync(join(tmpdir(), "longshore-commits-"));
    try {
      const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
          cwd: folder,
          encoding: "utf8",
        }).trim();
      const commit = (value: string) => {
        writeFileSync(
          join(folder, "Pulumi.prod.yaml"),
          `config:\n  longshore:secrets:\n    todo:\n      openai-api-key: ${value}\n`,
        );
        git("add", "-A");
        git("commit", "-qm", "x");
        return git("rev-parse", "HEAD");
      };
      git("init", "-q");
      const base = commit(SECURE);
      assert.deepEqual(inCommits(folder, base), []);
      const bad = commit(PLAIN);
      commit("{ secure: v1:other:value }");
      const [problem, ...others] = inCommits(folder, base);
      assert.deepEqual(others, []);
      assert.equal(problem?.path, "Pulumi.prod.yaml: secrets.todo.openai-api-key");
      assert.ok(problem.message.includes(bad.slice(0, 10)));
      assert.ok(!JSON.stringify(problem).includes(PLAIN));
      assert.deepEqual(inCommits(folder, "HEAD"), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("A value on standard input", () => {
  it("is refused when its bytes are not UTF-8, without being shown", () => {
    for (const [bytes, offset] of [
      [[0x63, 0x61, 0x66, 0xe9], 3],
      [[0xff, 0xfe, 0x61, 0x00], 0],
      [[0x61, 0xed, 0xa0, 0x80], 1],
    ] as const) {
      assert.throws(
        () => textOf(Uint8Array.from(bytes)),
        (error) =>
          error instanceof Failure &&
          error.exitCode === 2 &&
          error.message.includes(`offset ${offset}`) &&
          error.message.includes("nothing was changed"),
      );
    }
  });

  it("is the text of its bytes, for every text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.equal(textOf(Buffer.from(text)), text);
      }),
    );
    assert.equal(textOf(Buffer.from("\uFEFFa\uFFFD")), "\uFEFFa\uFFFD");
  });

  it("keeps the last line break of a file of several lines, and drops that of one line", () => {
    const pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert.equal(withoutLineEnd(pem), pem);
    assert.equal(withoutLineEnd("token\n"), "token");
    assert.equal(withoutLineEnd("token\r\n"), "token");
    assert.equal(withoutLineEnd("token"), "token");
  });
});
