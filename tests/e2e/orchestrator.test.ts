import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Browser, Page } from "playwright-core";
import { unpackedSize } from "../support/unpacked-size";
import { run } from "../../tools/process";
import { Checkout } from "../support/checkout";
import {
  docker,
  eventually,
  keepsToItself,
  launchBrowser,
  leavesNothing,
  MEGABYTE,
  reports,
  staysAsItIs,
  type Status,
  killContainer,
  allHealthy,
} from "../support/end-to-end";

const PORT = 18090;
const ADDRESS = `http://127.0.0.1:${PORT}`;

interface Run {
  id: string;
  status: string;
  takeovers: number;
  steps: { id: string; status: string; attempts: { worker: string; outcome: string }[] }[];
}

/** A first step that must run once, and a step that is slow enough to be interrupted. */
const SLOW = [
  { id: "ask", kind: "http", url: "http://backend:8000/api/workflows" },
  { id: "wait", kind: "delay", seconds: 8, needs: ["ask"] },
  { id: "report", kind: "transform", needs: ["wait"], value: { status: "{{ steps.ask.status }}" } },
];

async function api<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  const answer = await fetch(`${ADDRESS}/api/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

describe("Orchestrator, from a fresh checkout to a run that outlives its worker", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let browser: Browser;
  let page: Page;
  let project: string;

  before(async () => {
    checkout = new Checkout();
    checkout.presetLocal(
      `config:\n  longshore:systems: [orchestrator]\n  longshore:ports:\n    orchestrator: ${PORT}\n`,
    );
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  });

  after(async () => {
    await browser.close();
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  const services = async () => (await checkout.json<Status>("status")).services;
  const containerOf = async (service: string) =>
    (await services()).find((one) => one.service === service)?.id ?? assert.fail(`no ${service}`);
  const sql = async (statement: string) =>
    docker(
      "exec",
      await containerOf("db"),
      "psql",
      "-U",
      "postgres",
      "-d",
      "orchestrator",
      "-tAc",
      statement,
    );
  const kill = async (container: string) => {
    await killContainer(container);
  };
  const start = async (name: string, steps: unknown) => {
    const workflow = await api<{ id: string }>("workflows", "POST", { name, steps });
    return (await api<Run>(`workflows/${workflow.id}/runs`, "POST", {})).id;
  };
  const stepOf = async (id: string, step: string) =>
    (await api<Run>(`runs/${id}`)).steps.find((one) => one.id === step) ?? assert.fail(`no step ${step}`);

  it("comes up with one command: an API, two workers, pages, a database, and nothing of other systems", async () => {
    const started = Date.now();
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=orchestrator");
    assert.equal(code, 0, stdout + stderr);
    console.log(`      up in ${((Date.now() - started) / 1000).toFixed(0)} s, images included (OR-07)`);
    assert.match(stdout, new RegExp(`open ${ADDRESS}`));
    assert.equal(checkout.git("status", "--porcelain"), "");
    const running = (await services()).filter(({ state }) => state === "running");
    assert.deepEqual(
      running.filter(({ health }) => health !== "healthy"),
      [],
    );
    assert.deepEqual(
      running.map(({ system, service }) => `${system}/${service}`).sort(),
      ["backend", "db", "edge", "frontend", "worker", "worker"].map((service) => `orchestrator/${service}`),
    );
    const label = '{{index .Config.Labels "com.docker.compose.project"}}';
    project = await docker("inspect", "-f", label, await containerOf("db"));
  });

  it("serves people: a workflow is written, its mistakes are named, it is corrected, run and watched", async () => {
    await page.goto(ADDRESS);
    await page.getByText("No workflows yet").waitFor();
    await page.getByRole("link", { name: "New workflow" }).click();
    await page.getByLabel("Name").fill("Harbour report");
    const steps = page.getByLabel("Steps, as JSON");
    await steps.fill('[{ "id": "a", "kind": "delay", "seconds": 1, "needs": ["b"] }');
    await page.getByText(/not JSON/).waitFor();
    await steps.fill(
      '[{"id":"a","kind":"delay","seconds":1,"needs":["b"]},{"id":"b","kind":"delay","seconds":1,"needs":["a","nowhere"]}]',
    );
    await page.getByRole("button", { name: "Create workflow" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("step “b”, needs.1: there is no step 'nowhere'").waitFor();
    await alert.getByText(/in a circle: (a → b → a|b → a → b)/).waitFor();
    await steps.fill(
      JSON.stringify([
        { id: "ask", kind: "http", url: "http://backend:8000/api/workflows" },
        { id: "flaky", kind: "fail", times: 1, retries: 1, retry_delay: 0.5, message: "the crane is busy" },
        {
          id: "report",
          kind: "transform",
          needs: ["ask", "flaky"],
          value: "{{ steps.ask.body.items.0.name }}",
        },
      ]),
    );
    await page.getByRole("button", { name: "Create workflow" }).click();
    await page.getByRole("heading", { name: "Harbour report", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Start a run" }).click();
    await page.getByRole("heading", { name: "Run of Harbour report" }).waitFor();
    await page.getByText("3 of 3 steps").waitFor();
    const flaky = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "flaky" }) });
    await flaky.getByText("2 attempts").click();
    await flaky.getByText("the crane is busy").waitFor();
    await page.screenshot({ path: join(reports, "orchestrator-run.png"), fullPage: true });

    await page.reload();
    await page.getByText("3 of 3 steps").waitFor();
    const states = await sql(
      "select r.status, s.id, s.status, s.attempts, s.output from run r join step s on s.run_id = r.id order by s.id",
    );
    const lines = states.split("\n");
    assert.match(lines[0] ?? "", /^succeeded\|ask\|succeeded\|1\|.*"status": 200/);
    assert.match(lines[1] ?? "", /^succeeded\|flaky\|succeeded\|2\|/);
    assert.equal(lines[2], 'succeeded|report|succeeded|1|"Harbour report"');
  });

  it("shows what failed and why, keeps the rest, and does it again when asked", async () => {
    const id = await start("Broken branch", [
      { id: "good", kind: "delay", seconds: 0 },
      { id: "bad", kind: "http", url: "http://169.254.169.254/latest" },
      { id: "after", kind: "delay", seconds: 0, needs: ["bad"] },
    ]);
    await page.goto(`${ADDRESS}/runs/${id}`);
    await page.getByRole("alert").getByText("step bad failed").waitFor();
    await page
      .getByText("169.254.169.254:80 is not allowed; allowed: backend:8000 (HTTP_ALLOW)")
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByText("2 attempts").waitFor();
    await page.getByRole("alert").getByText("step bad failed").waitFor();
    const { steps } = await api<Run>(`runs/${id}`);
    assert.deepEqual(
      steps.map((step) => [step.id, step.status, step.attempts.length]),
      [
        ["good", "succeeded", 1],
        ["bad", "failed", 2],
        ["after", "skipped", 0],
      ],
    );
  });

  it("describes its API on a page of its own, and keeps its metrics to the inside", async () => {
    assert.match(await (await fetch(`${ADDRESS}/api/docs`)).text(), /POST \/api\/workflows\/\{id\}\/runs/);
    assert.equal((await fetch(`${ADDRESS}/api/openapi.json`)).status, 200);
    assert.doesNotMatch(await (await fetch(`${ADDRESS}/metrics`)).text(), /http_requests_total/);
    const ask =
      'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8001/metrics").read().decode())';
    const metrics = await docker("exec", await containerOf("worker"), "python", "-c", ask);
    assert.match(metrics, /orchestrator_runs_in_hand/);
  });

  it("finishes a run whose worker is killed in the middle of it: another takes it over", async () => {
    const id = await start("Outlives its worker", SLOW);
    await eventually("the slow step has begun", async () => (await stepOf(id, "wait")).status, {
      until: (seen) => seen === "running",
    });
    const worker = (await stepOf(id, "wait")).attempts[0]?.worker ?? assert.fail("no attempt");
    const victim = (await services()).find(
      (one) => one.service === "worker" && worker.startsWith(one.id.slice(0, 12)),
    );
    await kill(victim?.id ?? assert.fail(`no container of ${worker}`));

    await page.goto(`${ADDRESS}/runs/${id}`);
    await eventually("the run is over", async () => (await api<Run>(`runs/${id}`)).status, {
      until: (seen) => seen === "succeeded",
    });
    await page.getByText("taken over once from a worker that died").waitFor();
    await page.screenshot({ path: join(reports, "orchestrator-takeover.png"), fullPage: true });
    const { takeovers, steps } = await api<Run>(`runs/${id}`);
    assert.equal(takeovers, 1);
    assert.deepEqual(
      steps.map((step) => step.attempts.map(({ outcome }) => outcome)),
      [["succeeded"], ["lost", "succeeded"], ["succeeded"]],
    );
    assert.notEqual(steps[1]?.attempts[1]?.worker, worker);
    await allHealthy(checkout);
  });

  it("loses nothing when the database is killed in the middle of a run", async () => {
    const id = await start("Outlives its database", SLOW);
    await eventually("the slow step has begun", async () => (await stepOf(id, "wait")).status, {
      until: (seen) => seen === "running",
    });
    const before = await sql("select count(*) from workflow");
    await kill(await containerOf("db"));
    await eventually("the run is over", async () => (await api<Run>(`runs/${id}`)).status, {
      until: (seen) => seen === "succeeded",
    });
    assert.equal(await sql("select count(*) from workflow"), before);
    await allHealthy(checkout);
  });

  it("changes nothing when nothing has changed: no resource, no container", async () => {
    await staysAsItIs(checkout);
  });

  it("keeps to itself: numeric users, read-only, no capabilities, the pages have no way to the database", async () => {
    const password = /:([^:@]+)@/.exec(
      await docker("exec", await containerOf("backend"), "cat", "/run/secrets/database-url"),
    );
    const secrets = [password?.[1] ?? assert.fail("no password in the URL")];
    for (const { service, id, image } of await services()) {
      const { Config: config, HostConfig: host } = await keepsToItself({ service, id });
      assert.ok(host.Memory > 0 && host.NanoCpus > 0, `${service} has limits`);
      const known = (await docker("history", "--no-trunc", image)) + config.Env.join("\n");
      secrets.forEach((value) => {
        assert.ok(
          !known.includes(value),
          `${service}: a secret is in the image's history or its environment`,
        );
      });
    }
    const reach = await run("docker", [
      "exec",
      await containerOf("frontend"),
      "bash",
      "-c",
      "exec 3<>/dev/tcp/db/5432",
    ]);
    assert.notEqual(reach.code, 0, "the frontend must not reach the database");
    for (const name of ["backend", "frontend"]) {
      const image = (await services()).find(({ service }) => service === name)?.image ?? assert.fail(name);
      const size = await unpackedSize(image);
      console.log(`      ${name} ${(size / MEGABYTE).toFixed(0)} MB, unpacked`);
      assert.ok(size < 250 * MEGABYTE, `${name}: ${size}`);
    }
  });

  it("stays within its share of CPU and memory, which the kernel sees to (OR-07)", async () => {
    const stats = ["stats", "--no-stream", "--format", "{{.Name}} {{.MemPerc}} {{.CPUPerc}}"];
    const lines = await docker(...stats, ...(await services()).map(({ id }) => id));
    for (const line of lines.split("\n")) {
      const [name, memory = "", cpu = ""] = line.split(" ");
      console.log(`      ${name}: ${memory} of its memory, ${cpu} of a core`);
      assert.ok(parseFloat(memory) < 80, `${name} has ${memory} of its memory in use (ALL-17)`);
    }
    const worker = await containerOf("worker");
    const limits = await docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", worker);
    assert.equal(limits, `${384 * 2 ** 20} 1000000000`);
    // Exceeds memory plus swap: Docker's default total is twice the memory limit.
    const take = ["python", "-c", "print(len(b'x' * 2 ** 30))"];
    const greedy = await run("docker", ["exec", worker, ...take]);
    assert.equal(greedy.code, 137, "what takes more than its share is killed");
    await allHealthy(checkout);
  });

  it("seeds samples that run, once", async () => {
    const seed = async () =>
      docker("exec", await containerOf("backend"), "python", "-m", "orchestrator.seed");
    assert.equal(await seed(), "seed: 3 added, 0 already there");
    assert.equal(await seed(), "seed: 0 added, 3 already there");
  });

  it("leaves nothing when asked to", async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await leavesNothing(project);
  });
});
