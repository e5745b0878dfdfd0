import assert from "node:assert/strict";
import { recover } from "../../cli/commands/recover";
import type { CreateRecoverer, Finding } from "../../cli/recovery/types";
import { EXIT, Failure } from "../../cli/support/failure";

describe("longshore recover", () => {
  const done: string[] = [];
  let printed = "";

  beforeEach(() => {
    done.length = 0;
    printed = "";
  });

  /** Returns findings that persist until they are applied. */
  const finds =
    (...ids: string[]): CreateRecoverer =>
    () => ({
      find: () =>
        Promise.resolve(ids.filter((id) => !done.includes(id)).map((id) => finding(id, () => done.push(id)))),
    });
  const finding = (id: string, apply: () => unknown): Finding => ({
    id,
    title: `title of ${id}`,
    detail: "detail",
    action: "action",
    apply: async () => {
      await apply();
    },
  });
  const run = async (recoverers: CreateRecoverer[], options: object = {}, ids: string[] = []) => {
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text: string | Uint8Array) => {
      printed += String(text);
      return true;
    };
    try {
      await recover(ids, { stack: "local", json: true, ...options }, recoverers);
    } finally {
      process.stdout.write = write;
    }
  };
  const statuses = () =>
    (JSON.parse(printed) as { findings: { id: string; status: string }[] }).findings.map(
      ({ id, status }) => `${id} ${status}`,
    );
  const failed = (pattern: RegExp, code: number) => (error: unknown) =>
    error instanceof Failure && error.exitCode === code && pattern.test(error.message);

  it("exits with code 0 without findings", async () => {
    await run([finds(), finds()]);
    assert.deepEqual(statuses(), []);
  });

  it("lists findings with --json, applies none, and exits with code 1", async () => {
    await assert.rejects(run([finds("a", "b")]), failed(/2 findings; apply with --yes/, EXIT.failed));
    assert.deepEqual(statuses(), ["a found", "b found"]);
    assert.deepEqual(done, []);
  });

  it("applies findings in the order of their kinds with --yes", async () => {
    await run([finds("b"), finds("a", "c")], { yes: true });
    assert.deepEqual(done, ["b", "a", "c"]);
    assert.deepEqual(statuses(), ["b applied", "a applied", "c applied"]);
  });

  it("asks before it applies, and without a terminal names --yes", async () => {
    await assert.rejects(run([finds("a")], { json: false }), failed(/add --yes/, EXIT.usage));
    assert.deepEqual(done, []);
  });

  it("applies only the findings that are named, by id or kind", async () => {
    await run([finds("lock:1", "lock:2", "rest")], { yes: true }, ["lock"]);
    assert.deepEqual(done, ["lock:1", "lock:2"]);
    await assert.rejects(
      run([finds("rest")], { yes: true }, ["lok"]),
      failed(/expected one of rest, got lok/, EXIT.usage),
    );
  });

  it("tries the rest when one fails, and says what failed and what is found again", async () => {
    const stubborn: CreateRecoverer = () => ({
      find: () =>
        Promise.resolve([
          finding("broken", () => Promise.reject(new Error("no space left"))),
          finding("stays", () => undefined),
        ]),
    });
    await assert.rejects(
      run([stubborn, finds("a")], { yes: true }),
      failed(/broken: no space left\n {2}stays: applied, and still found/, EXIT.failed),
    );
    assert.deepEqual(statuses(), ["broken failed", "stays remains", "a applied"]);
  });
});
