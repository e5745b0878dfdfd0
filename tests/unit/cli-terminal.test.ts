import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { createColors } from "picocolors";
import { ProblemsError } from "../../base/problems";
import type { Change } from "../../cli/engine/changes";
import { groupsOf } from "../../cli/engine/offline";
import { exportLines } from "../../cli/commands/env";
import { healthOf } from "../../cli/compose/states";
import { EXIT, Failure } from "../../cli/support/failure";
import { canDrawOn } from "../../cli/support/progress";
import { reportError } from "../../cli/support/report-error";
import { confirm, formatSeconds, openTerminal, table, wantsColors } from "../../cli/support/terminal";

describe("cli: what a terminal shows", () => {
  const narrow = { columns: 80, colors: createColors(false) };

  it("fits tables into 80 columns and aligns coloured cells", () => {
    const { red } = createColors(true);
    const rows = [
      [
        "todo/backend",
        red("unhealthy"),
        "a reason that is so long that it has to go over to the next line, at a word",
      ],
      ["db", "ok", "short"],
    ];
    const lines = table(["service", "state", "says"], rows, narrow).map((line) =>
      stripVTControlCharacters(line),
    );
    assert.ok(
      lines.every((line) => line.length <= 80),
      lines.join("\n"),
    );
    assert.deepEqual(lines, [
      "service       state      says",
      "todo/backend  unhealthy  a reason that is so long that it has to go over to the",
      "                         next line, at a word",
      "db            ok         short",
    ]);
  });

  it("colours only what eyes see, never with NO_COLOR, always with FORCE_COLOR", () => {
    assert.equal(wantsColors({ isTTY: true }, {}), true);
    assert.equal(wantsColors({}, {}), false);
    assert.equal(wantsColors({ isTTY: true }, { NO_COLOR: "1" }), false);
    assert.equal(wantsColors({ isTTY: true }, { TERM: "dumb" }), false);
    assert.equal(wantsColors({}, { FORCE_COLOR: "1" }), true);
  });

  it("draws only on a terminal that says how wide it is", () => {
    assert.equal(canDrawOn({ isTTY: true, columns: 80 }), true);
    assert.equal(canDrawOn({ isTTY: true, columns: 0 }), false);
    assert.equal(canDrawOn({ columns: 80 }), false);
  });

  it("writes times as people say them", () => {
    assert.deepEqual([0.42, 9.96, 59.4, 185].map(formatSeconds), ["0.4 s", "10 s", "59 s", "3 min 5 s"]);
  });

  it("prints variables that a shell reads back unchanged", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && isUtf8(text)),
        (value) => {
          const lines = exportLines({ LONGSHORE_PROBE: value }, ["OTHER"]);
          const script = `${lines.join("\n")}\nprintf %s "$LONGSHORE_PROBE"`;
          assert.equal(execFileSync("sh", ["-c", script], { encoding: "utf8" }), value);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("unsets before it exports, sorted by name", () => {
    assert.deepEqual(exportLines({ B: "it's", A: "file:///x" }, ["C"]), [
      "unset C",
      "export A=file:///x",
      `export B='it'\\''s'`,
    ]);
  });
});

function isUtf8(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") === text;
}

describe("cli: how a command ends", () => {
  const told = (error: unknown, isDebug = false) => {
    const lines: string[] = [];
    const code = reportError(error, isDebug, (line) => lines.push(stripVTControlCharacters(line)));
    return { code, text: lines.join("\n") };
  };
  const problems = new ProblemsError("Pulumi.prod.yaml", [
    { path: "domian", message: "unknown key", fix: "did you mean domain?" },
  ]);

  it("with 2 and all problems for a person's mistake, without a stack trace", () => {
    const { code, text } = told(problems);
    assert.equal(code, EXIT.usage);
    assert.equal(text, "error: Pulumi.prod.yaml: 1 problem\n  domian: unknown key; did you mean domain?");
  });

  it("with the code of a failure", () => {
    assert.deepEqual(told(new Failure("up failed")), { code: EXIT.failed, text: "error: up failed" });
    assert.equal(told(new Failure("stopped", EXIT.interrupted)).code, EXIT.interrupted);
  });

  it("with 1 for a mistake of ours, and says how to see where; --debug shows it, causes as well", () => {
    assert.match(told(new TypeError("oops")).text, /^error: oops\n.*--debug/);
    assert.match(
      told(new Failure("up failed", EXIT.failed, { cause: new Error("deep") }), true).text,
      /Error: deep\n\s+at /,
    );
  });
});

describe("cli: a question", () => {
  it("without a terminal, a question fails with the option that answers it", async () => {
    const terminal = { ...openTerminal({ json: true }), isInteractive: false };
    await assert.rejects(confirm(terminal, "Remove notes of stack local (its data is kept)?"), {
      exitCode: EXIT.usage,
      message:
        'this is no terminal to ask on: "Remove notes of stack local (its data is kept)?"; to go ahead, add --yes',
    });
  });
});

describe("cli: how well a container is", () => {
  const container = { kind: "service", state: "running", health: "healthy", exitCode: 0 };
  it("counts a finished job as well, and a finished service as ill", () => {
    assert.equal(healthOf(container), "healthy");
    assert.equal(healthOf({ ...container, health: "starting" }), "starting");
    assert.equal(healthOf({ ...container, health: "unhealthy" }), "unhealthy");
    assert.equal(healthOf({ ...container, state: "exited" }), "unhealthy");
    assert.equal(healthOf({ ...container, kind: "job", state: "exited" }), "healthy");
    assert.equal(healthOf({ ...container, kind: "job", state: "exited", exitCode: 1 }), "unhealthy");
  });
});

describe("cli: resources by what they belong to", () => {
  it("stand under the outermost component", () => {
    const change = (name: string, parent?: string): Change => ({
      urn: name,
      name,
      type: "t",
      operation: "create",
      state: "planned",
      properties: [],
      ...(parent !== undefined && { parent }),
    });
    const groups = groupsOf([
      change("todo"),
      change("db", "todo"),
      change("instance", "db"),
      change("bucket"),
    ]);
    assert.deepEqual(
      [...groups].map(([group, members]) => [group, members.map(({ name }) => name)]),
      [
        ["todo", ["todo", "db", "instance"]],
        ["stack", ["bucket"]],
      ],
    );
  });
});
