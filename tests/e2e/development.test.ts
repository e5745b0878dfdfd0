import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Browser, Page } from "playwright-core";
import { Checkout } from "../support/checkout";
import { DebugAdapter, inspect } from "../support/debuggers";
import { eventually, launchBrowser, type Status } from "../support/end-to-end";
import { limit } from "../support/wait";

const TODO = 18140;
const ORCHESTRATOR = 18141;
/** Offset of the ports of debuggers and tools, so that a developer's own stack may run at the same time. */
const OFFSET = 12_466;
const STACK = "local-dev";

const SETTINGS = `config:
  longshore:systems: [todo, orchestrator]
  longshore:ports: { todo: ${TODO}, orchestrator: ${ORCHESTRATOR} }
  longshore:portOffsets: { todo: ${OFFSET}, orchestrator: ${OFFSET + 1} }
`;

async function get<T>(port: number, path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

const titles = async () =>
  (await get<{ items: { title: string }[] }>(TODO, "/api/todos")).items.map(({ title }) => title);

describe("Development of systems, from a fresh checkout", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let browser: Browser;
  let page: Page;

  before(async () => {
    checkout = new Checkout();
    checkout.presetLocal(SETTINGS, STACK);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  });

  after(async () => {
    await browser.close();
    const { code, stdout, stderr } = await checkout.longshore("down", "--stack", STACK, "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  /** Replaces one match in a source file. */
  function edit(file: string, from: string | RegExp, to: string): void {
    const path = join(checkout.root, file);
    const text = readFileSync(path, "utf8");
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${file} has no ${String(from)}`);
    writeFileSync(path, changed);
  }

  /** Returns container IDs by service, to detect replaced containers. */
  async function containers(): Promise<Record<string, string>> {
    const { services } = await checkout.json<Status>("status", "--stack", STACK);
    return Object.fromEntries(services.map(({ system, service, id }) => [`${system}/${service}`, id]));
  }

  it("brings systems up with debuggers and sample data (ALL-08)", async () => {
    const { code, stdout, stderr } = await checkout.longshore("dev");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`todo/backend: debugger at 127\\.0\\.0\\.1:${5678 + OFFSET}`));
    assert.equal((await titles()).length, 5);
    assert.ok((await titles()).includes("Water the plants"));
    const { items } = await get<{ items: unknown[] }>(ORCHESTRATOR, "/api/workflows");
    assert.ok(items.length > 0, "no sample workflow");
  });

  it("shows a change of a backend without a restart by hand (ALL-08)", async () => {
    const running = await containers();
    edit("services/todo/backend/src/todo/api.py", "Query(ge=1, le=200)] = 50", "Query(ge=1, le=200)] = 2");
    await eventually("the changed default of the page's length", async () => (await titles()).length, {
      until: (seen) => seen === 2,
    });
    assert.deepEqual(await containers(), running);
  });

  it("shows a change of the package that backends share", async () => {
    const file = "services/shared/python/src/longshore_service/problems.py";
    edit(file, "HTTPStatus(self.status).phrase,", '"Changed",');
    await Promise.all(
      [TODO, ORCHESTRATOR].map((port) =>
        eventually(
          `the changed title of an error on ${port}`,
          async () => {
            const answer = await fetch(`http://127.0.0.1:${port}/api/nothing-here`);
            return ((await answer.json()) as { title: string }).title;
          },
          { until: (title) => title === "Changed" },
        ),
      ),
    );
  });

  it("shows a change of a worker, whose debugger answers beside the backend's (ALL-08)", async () => {
    edit(
      "services/orchestrator/backend/src/orchestrator/perform.py",
      'return {"seconds": step.seconds}',
      'return {"waited": step.seconds}',
    );
    const post = async (path: string, body: unknown) => {
      const answer = await fetch(`http://127.0.0.1:${ORCHESTRATOR}/api/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { id: string };
    };
    const steps = [{ id: "wait", kind: "delay", seconds: 0.1 }];
    const { id } = await post("workflows", { name: "changed", steps });
    const outputOfRun = async () => {
      const run = await post(`workflows/${id}/runs`, {});
      const output = async () => {
        const found = await get<{ steps: { output: object | null }[] }>(ORCHESTRATOR, `/api/runs/${run.id}`);
        return found.steps[0]?.output;
      };
      return eventually("the step has an output", output, { withinMs: 5_000 });
    };
    await eventually("the changed output of a step", outputOfRun, {
      until: (output) => output !== undefined && output !== null && "waited" in output,
    });
    for (const port of [5678, 5679]) {
      const debug = await DebugAdapter.connect(port + OFFSET + 1);
      const { supportsConditionalBreakpoints } = await debug.request("initialize", { adapterID: "debugpy" });
      debug.close();
      assert.equal(supportsConditionalBreakpoints, true, `the debugger at ${port}`);
    }
  });

  it("shows a change of a Next.js page in the open browser (ALL-08)", async () => {
    await page.goto(`http://127.0.0.1:${TODO}`);
    await page.getByText("Water the plants").waitFor();
    edit("services/todo/frontend/src/components/TodoApp.tsx", /<h1>\s*\{title\}/, "<h1>Changed {title}");
    await page.getByRole("heading", { name: /^Changed / }).waitFor({ timeout: limit(120_000) });
  });

  it("shows a change of a Vite page in the open browser, and keeps its state (OR-02)", async () => {
    await page.goto(`http://127.0.0.1:${ORCHESTRATOR}`);
    await page.locator(".brand").waitFor({ timeout: limit(120_000) });
    await page.evaluate("window.untouched = true");
    edit("services/orchestrator/frontend/src/App.tsx", />Workflows</, ">Changed workflows<");
    await page.locator("nav", { hasText: "Changed workflows" }).waitFor({ timeout: limit(120_000) });
    // A folder that several systems share is mounted too.
    edit("services/shared/web/src/parts.tsx", /\{NAME\}$/m, "Changed {NAME}");
    await page.locator(".brand", { hasText: "Changed Orchestrator" }).waitFor({ timeout: limit(120_000) });
    assert.equal(await page.evaluate("window.untouched"), true, "the page was loaded again");
  });

  it("stops at a breakpoint of an attached debugger (ALL-08)", async () => {
    const source = "services/todo/backend/src/todo/api.py";
    const lines = readFileSync(join(checkout.root, source), "utf8").split("\n");
    const line = lines.findIndex((one) => one.includes("return await todos.page(")) + 1;
    assert.ok(line > 0, "the line to stop at");
    const debug = await DebugAdapter.connect(5678 + OFFSET);
    try {
      await debug.request("initialize", { clientID: "test", adapterID: "debugpy", pathFormat: "path" });
      debug.send("attach", { justMyCode: false });
      await debug.event("initialized");
      await debug.request("setBreakpoints", {
        source: { path: "/app/src/todo/api.py" },
        breakpoints: [{ line }],
      });
      await debug.request("configurationDone", {});
      const answer = titles();
      const { reason, threadId } = await debug.event("stopped");
      assert.equal(reason, "breakpoint");
      const { stackFrames } = await debug.request("stackTrace", { threadId, levels: 1 });
      assert.equal((stackFrames as { line: number }[])[0]?.line, line);
      await debug.request("disconnect", { terminateDebuggee: false });
      assert.equal((await answer).length, 2);
    } finally {
      debug.close();
    }
  });

  it("answers the inspector of a Node.js frontend (ALL-08)", async () => {
    assert.match(String(await inspect(9229 + OFFSET, "process.version")), /^v\d+\./);
  });

  it("offers a browser for the database on request, and takes it away again (NS-08)", async () => {
    // The unit tests in a build would fail with the edits of the former tests.
    checkout.git("checkout", "-q", ".");
    const { code, stdout, stderr } = await checkout.longshore(
      ...["dev", "--system", "todo", "--profile", "dev-tools"],
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`todo/adminer: http://127\\.0\\.0\\.1:${8190 + OFFSET}`));
    const login = await (await fetch(`http://127.0.0.1:${8190 + OFFSET}/?pgsql=`)).text();
    assert.match(login, /name="auth\[server\]" value="db"/);
    assert.match(login, /name="auth\[password\]"/);

    assert.equal((await checkout.longshore("dev", "--system", "todo")).code, 0);
    assert.equal((await containers())["todo/adminer"], undefined);
  });

  it("says which profile was meant, and touches nothing", async () => {
    const { code, stderr } = await checkout.longshore("dev", "--system", "todo", "--profile", "dev-tool");
    assert.equal(code, 2);
    assert.match(stderr, /--profile dev-tool: no service here has this profile; there are dev-tools/);
  });
});
