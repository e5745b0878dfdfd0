import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterEach, describe, it } from "mocha";
import { EngineError } from "../../cli/engine/command";
import { Deployment } from "../../cli/engine/changes";
import { Failure } from "../../cli/support/failure";
import { errorDocument, reportError } from "../../cli/support/report-error";
import { withMask } from "../../providers/compose/mask";
import { secretValuesIn } from "../../settings/secret-settings";
import { maskOf } from "../../tools/mask";
import { forgetSecrets, redact, registerSecrets } from "../../tools/redaction";

/** Long enough that parts of it do not occur by chance. */
const secret = fc
  .string({ minLength: 12, maxLength: 60, unit: "grapheme-ascii" })
  .filter((text) => text.trim().length >= 12);

describe("A mask of secret values", () => {
  const encodings: Readonly<Record<string, (value: string) => string>> = {
    "as it is": (value) => value,
    "in an address": (value) => encodeURIComponent(value),
    "in a form": (value) => new URLSearchParams({ value }).toString().slice("value=".length),
    "in base64": (value) => Buffer.from(value).toString("base64"),
    "in base64 for addresses": (value) => Buffer.from(value).toString("base64url"),
    "in JSON": (value) => JSON.stringify(value).slice(1, -1),
    "in JSON inside of JSON": (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  };
  for (const [how, encode] of Object.entries(encodings)) {
    it(`hides a value ${how}`, () => {
      fc.assert(
        fc.property(secret, fc.string(), (value, around) => {
          const masked = maskOf([value])(`${around}\u0000${encode(value)}\u0000`);
          assert.ok(!masked.includes(encode(value)), masked);
        }),
      );
    });
  }

  it("hides a value in the base64 of a longer text, as a registry's login has it", () => {
    fc.assert(
      fc.property(
        secret,
        fc.string({ maxLength: 5 }),
        fc.string({ maxLength: 5 }),
        (value, before, after) => {
          const text = Buffer.from(`${before}:${value}${after}`).toString("base64");
          const masked = maskOf([value])(text);
          const rest = masked.split("[secret]").map((part) => Buffer.from(part, "base64").toString("latin1"));
          assert.ok(masked.includes("[secret]"), masked);
          assert.ok(
            rest.every((part) => !part.includes(value.slice(2, -2))),
            masked,
          );
        },
      ),
    );
  });

  it("hides every line of a value of several lines, but not the frame of PEM", () => {
    const mask = maskOf([
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n",
    ]);
    assert.equal(
      mask("line 2: hkiG9w0BAQEFAASC; expected -----BEGIN PRIVATE KEY-----"),
      "line 2: [secret]; expected -----BEGIN PRIVATE KEY-----",
    );
  });
});

describe("Errors of a command that has seen a secret", () => {
  const VALUE = 'hush "hush" <s3cret>/with+more';
  afterEach(forgetSecrets);

  it("do not show it, whatever kind of error it is, with and without --debug", () => {
    registerSecrets([VALUE]);
    const text = `error: cannot reach postgres://app:${encodeURIComponent(VALUE)}@db/x with ${JSON.stringify(VALUE)}`;
    for (const error of [new Failure(text), new EngineError("", text, 255), new Error(text), text]) {
      for (const isDebug of [false, true]) {
        const lines: string[] = [];
        reportError(error, isDebug, (line) => lines.push(line));
        const shown = lines.join("\n") + JSON.stringify(errorDocument(error));
        assert.ok(shown.includes("[secret]"), shown);
        assert.ok(!/hush/.test(shown), shown);
      }
    }
  });

  it("do not show it in diagnostics of the engine", () => {
    registerSecrets([VALUE]);
    const deployment = new Deployment();
    deployment.take({
      sequence: 1,
      timestamp: 1,
      diagnosticEvent: { message: `denied: ${VALUE}\n`, severity: "error", color: "never" },
    });
    assert.deepEqual(
      deployment.diagnostics.map(({ message }) => message),
      ["denied: [secret]"],
    );
  });

  it("show the rest unchanged", () => {
    registerSecrets([VALUE]);
    assert.equal(redact("stack local is locked"), "stack local is locked");
  });
});

describe("Errors of the Compose provider", () => {
  it("do not show the content of a secret file, in the message and in the stack trace", async () => {
    const mask = maskOf(["hush-hush-hush"]);
    await assert.rejects(
      withMask(mask, () => Promise.reject(new Error("build failed: TOKEN=hush-hush-hush"))),
      (error: Error) => error.message === "build failed: TOKEN=[secret]" && !/hush/.test(error.stack ?? ""),
    );
  });
});

describe("Secret values in settings", () => {
  it("are those of the settings that hold secrets", () => {
    assert.deepEqual(
      secretValuesIn({
        domain: "example.com",
        secrets: { todo: { a: "one", b: "two" } },
        registryLogin: { username: "robot", password: "three" },
        alertWebhook: "https://four",
      }),
      ["one", "two", "three", "https://four"],
    );
  });
});

describe("A full disk", () => {
  it("is named, with what it means and where to free space", () => {
    const lines: string[] = [];
    const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    assert.equal(
      reportError(error, false, (line) => lines.push(line)),
      1,
    );
    assert.match(lines.join("\n"), /expected free disk space, got none \(ENOSPC.*fix: free space in /);
  });
});
