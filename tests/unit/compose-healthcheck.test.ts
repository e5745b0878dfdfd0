import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { createServer as createHttp, type Server } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import type { PlannedProbe } from "../../catalog/plan/types";
import type { Runtime } from "../../catalog/types";
import { probeCommand } from "../../render/compose/healthcheck";

const times = { intervalSeconds: 1, timeoutSeconds: 1, failures: 1 };

/** curl prints its own message. */
const SAYS = {
  python: (port: number) => new RegExp(`^nothing listens on 127.0.0.1:${port} \\(/readyz\\)$`, "m"),
  node: (port: number) => new RegExp(`^nothing listens on 127.0.0.1:${port} \\(/readyz\\)$`, "m"),
  curl: (port: number) => new RegExp(`^curl: \\(7\\) .*127.0.0.1 port ${port}`),
};

/** Runs a health check on this machine as Docker runs it in a container. */
function healthy(check: PlannedProbe["check"], runtime: Runtime): Promise<{ ok: boolean; output: string }> {
  const [form, ...words] = probeCommand({ check, ...times }, runtime);
  const [program = "", ...args] = form === "CMD-SHELL" ? ["sh", "-c", ...words] : words;
  return new Promise((resolve) => {
    const child = execFile(
      program === "python" ? "python3" : program,
      args,
      { timeout: 5000 },
      (error, out, err) => {
        resolve({ ok: error === null, output: `${out}${err}` });
      },
    );
    child.stdin?.end();
  });
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a health check's command", function () {
  this.timeout(20_000);
  let server: Server;
  let port: number;
  let closed: number;

  before(async () => {
    server = createHttp((request, answer) => {
      const status = Number(/\/(\d+)/.exec(request.url ?? "")?.[1] ?? 200);
      if (status !== 1) {
        answer.writeHead(status, status === 302 ? { location: "/500" } : {}).end("the store is away");
      }
    });
    const listen = (one: {
      listen(port: number, host: string, done: () => void): unknown;
      address(): unknown;
    }) =>
      new Promise<number>((resolve) => {
        one.listen(0, "127.0.0.1", () => {
          resolve((one.address() as AddressInfo).port);
        });
      });
    port = await listen(server);
    const once = createServer();
    closed = await listen(once);
    once.close();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [runtime, program] of [
    ["python", "python3"],
    ["node", "node"],
    ["curl", "curl"],
  ] as const) {
    describe(`with ${runtime}`, () => {
      before(function () {
        if (!isThere(program)) {
          this.skip();
        }
      });
      const http = (path: string, to = port) => healthy({ kind: "http", path, port: to }, runtime);

      it("is well for 200 to 399", async () => {
        assert.ok((await http("/200?q='$x\"")).ok);
        assert.ok((await http("/302")).ok);
      });

      it("is ill for anything else, and says what it got", async () => {
        const { ok, output } = await http("/503");
        assert.ok(!ok);
        assert.match(output, /503/);
        assert.ok(!(await http("/404")).ok);
      });

      it("says in one line when nothing listens", async () => {
        const { ok, output } = await http("/readyz", closed);
        assert.ok(!ok);
        assert.match(output, SAYS[runtime](closed));
        assert.equal(output.trim().split("\n").length, 1);
      });

      it("is ill when no answer comes in time, and says so in one line", async () => {
        const { ok, output } = await http("/1");
        assert.ok(!ok);
        assert.match(output, /^(no answer within 1 ?s|curl: \(28\) .*timed out).*\n?$/);
      });

      it("tries a port", async () => {
        assert.ok((await healthy({ kind: "tcp", port }, runtime)).ok);
        const { ok, output } = await healthy({ kind: "tcp", port: closed }, runtime);
        assert.ok(!ok);
        // curl only measures the connect time here and prints no message.
        if (runtime !== "curl") {
          assert.equal(output.trim(), `nothing listens on 127.0.0.1:${closed}`);
        }
      });
    });
  }

  it("is a plan's own command as it is", () => {
    const command = ["pg_isready", "-q", "$x"];
    assert.deepEqual(probeCommand({ check: { kind: "exec", command }, ...times }, "none"), [
      "CMD",
      ...command,
    ]);
  });
});
