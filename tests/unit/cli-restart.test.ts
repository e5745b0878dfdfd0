import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, describe, it } from "mocha";
import { restartEach } from "../../cli/compose/restart";
import { EXIT, Failure } from "../../cli/support/failure";
import { Cancelled, UserError } from "../../providers/compose/errors";

const SERVICES = ["api", "db", "web"].map((service) => ({ system: "todo", service }));

describe("cli: restart", () => {
  const lines: string[] = [];
  const progress = { line: (text: string) => void lines.push(text) };
  let restore: () => void = () => undefined;

  afterEach(() => {
    restore();
    restore = () => undefined;
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`takes back the service under way at ${signal}, and names those that were not restarted`, async () => {
      // Mocha's own signal handlers would end the run.
      const others = process.rawListeners(signal) as NodeJS.SignalsListener[];
      process.removeAllListeners(signal);
      restore = () => {
        others.forEach((listener) => process.on(signal, listener));
      };
      const begun: string[] = [];
      const failed = restartEach(SERVICES, progress, async ({ service }, abort) => {
        begun.push(service);
        if (service === "db") {
          setImmediate(() => process.kill(process.pid, signal));
          await once(abort, "abort");
          throw new Cancelled();
        }
      });
      await assert.rejects(failed, (error: Error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.exitCode, EXIT.interrupted);
        assert.equal(error.message, "interrupted; not restarted: todo/db, todo/web");
        return true;
      });
      assert.deepEqual(begun, ["api", "db"]);
      assert.match(lines.at(-1) ?? "", /^interrupted: waiting for the step under way/);
      assert.equal(process.listenerCount(signal), 0, "the command's own handlers are gone");
    });
  }
  it("says why a service failed, and which ones were not restarted after it", async () => {
    const failed = restartEach(SERVICES, progress, () =>
      Promise.reject(new UserError("api: exited with code 1")),
    );
    await assert.rejects(failed, {
      message: "api: exited with code 1\nnot restarted: todo/db, todo/web",
      exitCode: 1,
    });
  });
});
