import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { http, system } from "../../../catalog/define";
import { ProblemsError } from "../../../base/problems";
import { loadStack, readSettings } from "../../../settings";
import { structured } from "../../../settings/structured";

const bot = system("bot", ({ image, service, setting }) => {
  service("web", {
    image: image("web", { context: "services/todo/backend", runtime: "python" }),
    ports: { http: 8000 },
    env: { GUILD: setting("guild", 0), N: setting("n", 0), TAG: setting("tag", "") },
    live: http("/livez"),
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
  });
});

function problemsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.problems.map(({ path, message, fix = "" }) => `${path}: ${message}; ${fix}`);
  }
  return [];
}

function load(...lines: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "longshore-exact-"));
  try {
    writeFileSync(join(folder, "Pulumi.local.yaml"), ["config:", ...lines, ""].join("\n"));
    return loadStack(folder, "local", { bot });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("Values of a stack file", () => {
  it("are refused together, each with its path and a fix, when parsers read them differently", () => {
    const other = "is read as another value by some YAML parsers";
    const fix = (raw: string) => `write "${raw}" for text, or a number in decimal digits such as 8 or 0.5`;
    assert.deepEqual(
      problemsOf(() =>
        load(
          "  longshore:bot:",
          "    settings: { guild: 1234567890123456789, n: 010, tag: 2024_12 }",
          "  longshore:domain: 1e3",
        ),
      ),
      [
        'bot.settings.guild: 1234567890123456789 is beyond ±9007199254740991, up to which a number is exact; make it text: "1234567890123456789", where text is expected',
        `bot.settings.n: 010 ${other}; ${fix("010")}`,
        `bot.settings.tag: 2024_12 ${other}; ${fix("2024_12")}`,
        `domain: 1e3 ${other}; ${fix("1e3")}`,
      ],
    );
  });

  it("are not shown where settings hold secrets", () => {
    const found = problemsOf(() =>
      load("  longshore:secrets: { bot: { api-key: 0123456789 } }", "  other:token: 0987654321"),
    );
    assert.deepEqual(
      found.map((text) => text.split(":").slice(0, -1).join(":")),
      ["secrets.bot.api-key", "config.other:token"],
    );
    assert.doesNotMatch(found.join(), /0123456789|0987654321/);
  });

  it("stay as they are written when they are exact", () => {
    const { perSystem } = load(
      "  longshore:bot:",
      '    settings: { guild: 9007199254740991, n: -3, tag: "2024_12" }',
    );
    assert.deepEqual(perSystem.bot?.settings, { guild: 9007199254740991, n: -3, tag: "2024_12" });
  });

  it("are refused by the program too when a number does not hold them, however they are given to the engine", () => {
    const json = '{"settings":{"guild":1234567890123456789,"n":12,"tag":"12345678901234567890 \\" 1"}}';
    const values = { bot: structured(json) };
    assert.deepEqual(values.bot, {
      settings: { guild: "1234567890123456789", n: 12, tag: '12345678901234567890 " 1' },
    });
    assert.match(
      problemsOf(() => readSettings({ stack: "local", values }, { bot })).join(),
      /^bot\.settings\.guild: expected a number, got "1234567890123456789"/,
    );
  });

  it("given to the engine as plain text stay text", () => {
    assert.equal(structured("1234567890123456789"), "1234567890123456789");
    assert.equal(structured("[not json"), "[not json");
  });
});
