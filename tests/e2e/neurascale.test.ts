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

const PORT = 18120;
const ADDRESS = `http://127.0.0.1:${PORT}`;
const PASSWORD = "correct-horse-7-battery";
const DEVICE = "simulator-1";

interface Device {
  id: string;
  simulated: boolean;
  status: string;
  recording_id: string | null;
  manager: string | null;
}
interface Listed<T> {
  items: T[];
}
interface Window {
  index: number;
  time: string;
  dominant: string;
  mean: Record<string, number>;
}

describe("NeuraScale, from a fresh checkout to a signal that outlives its stores", function () {
  this.timeout(1_800_000);
  this.bail(true);

  let checkout: Checkout;
  let browser: Browser;
  let page: Page;
  let project: string;
  let token = "";

  before(async () => {
    checkout = new Checkout();
    checkout.presetLocal(
      `config:\n  longshore:systems: [neurascale]\n  longshore:ports:\n    neurascale: ${PORT}\n`,
    );
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
  });

  after(async () => {
    await browser.close();
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  const ask = (path: string, method = "GET", body?: unknown) =>
    fetch(`${ADDRESS}/api/${path}`, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const api = async <T>(path: string, method?: string, body?: unknown): Promise<T> => {
    const answer = await ask(path, method, body);
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return (await answer.json()) as T;
  };
  const start = async (signal: unknown) => {
    const { recording_id: id } = await api<Device>(`devices/${DEVICE}/start`, "POST", { signal });
    return id ?? assert.fail("no recording");
  };
  const stop = () => api<Device>(`devices/${DEVICE}/stop`, "POST");
  const windows = async (recording: string) =>
    (await api<Listed<Window>>(`bands?recording=${recording}&limit=10000`)).items;
  const predictions = async (recording: string) =>
    (await api<Listed<{ index: number; label: string; model: string }>>(`predictions?recording=${recording}`))
      .items;
  const services = async () => (await checkout.json<Status>("status")).services;
  const containersOf = async (service: string) =>
    (await services()).filter((one) => one.service === service).map(({ id }) => id);
  const containerOf = async (service: string) =>
    (await containersOf(service))[0] ?? assert.fail(`no ${service}`);
  const sql = async (statement: string) =>
    docker("exec", await containerOf("db"), "psql", "-U", "postgres", "-d", "neurascale", "-tAc", statement);
  const redis = async (command: string) =>
    docker(
      "exec",
      await containerOf("redis"),
      "sh",
      "-c",
      `REDISCLI_AUTH=$(cat $REDIS_PASSWORD_FILE) redis-cli ${command}`,
    );
  const kill = async (container: string) => {
    await killContainer(container);
  };
  const metricsOf = async (container: string, port: number) => {
    const script = `import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:${port}/metrics").read().decode())`;
    return docker("exec", container, "python", "-c", script);
  };

  it("comes up with one command, and lets in who knows the password", async () => {
    const secret = "bin/longshore secrets set neurascale.operator-password";
    const set = await checkout.run("bash", "-c", `printf %s ${PASSWORD} | ${secret}`);
    assert.equal(set.code, 0, set.stdout + set.stderr);
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=neurascale");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout + stderr, /device-manager: \/dev\/ttyUSB0 is not on this machine/);
    const running = (await services()).filter(({ state }) => state === "running");
    assert.deepEqual(
      running.filter(({ health }) => health !== "healthy"),
      [],
    );
    assert.deepEqual(
      running.map(({ service }) => service).sort(),
      [
        ...["api-gateway", "db", "device-manager", "device-manager", "edge", "kafka", "ml-pipeline"],
        ...["neural-processor", "neural-processor", "redis", "web-frontend"],
      ].sort(),
    );
    const label = '{{index .Config.Labels "com.docker.compose.project"}}';
    project = await docker("inspect", "-f", label, await containerOf("db"));

    assert.equal((await ask("devices")).status, 401);
    assert.equal((await ask("latest/x")).status, 401);
    const wrong = await ask("login", "POST", { username: "operator", password: "guess" });
    assert.equal(wrong.status, 401);
    const issued = await api<{ token: string }>("login", "POST", {
      username: "operator",
      password: PASSWORD,
    });
    token = issued.token;
    assert.equal((await ask("devices")).status, 200);
  });

  it("finds the simulated device, which says that it is one, and says what it cannot look at", async () => {
    const { items, discovery } = await api<
      Listed<Device> & { discovery: { kind: string; available: boolean; detail: string }[] }
    >("devices");
    assert.deepEqual(
      items.map(({ id, simulated, status }) => [id, simulated, status]),
      [[DEVICE, true, "idle"]],
    );
    assert.deepEqual(
      discovery.map(({ kind }) => kind),
      ["simulator", "serial", "usb", "bluetooth"],
    );
    assert.ok(discovery.every(({ available, detail }) => available || detail !== ""));
  });

  it("finds a sine in its band: over the API, in TimescaleDB, in Redis, in the exported file", async () => {
    const recording = await start({ kind: "sine", frequency: 20, amplitude: 50 });
    await eventually("ten windows", async () => (await windows(recording)).length, {
      until: (seen) => seen >= 10,
    });
    const latest = await api<{ window: Window | null }>(`latest/${DEVICE}`);
    assert.equal(latest.window?.dominant, "beta");
    const ttl = Number(await redis(`ttl neurascale:latest:${DEVICE}:window`));
    assert.ok(ttl > 0 && ttl <= 60, `${ttl} s`);
    assert.match(await redis("ping"), /PONG/);
    assert.match(
      await docker("exec", await containerOf("redis"), "redis-cli", "ping").catch(String),
      /NOAUTH/,
    );
    await stop();
    const found = await windows(recording);
    assert.deepEqual([...new Set(found.map(({ dominant }) => dominant))], ["beta"]);
    const beta = found[0]?.mean.beta ?? 0;
    assert.ok(Math.abs(beta - 1250) < 60, `a sine of 50 µV has 1250 µV², got ${beta}`);
    assert.equal(
      await sql(
        `select count(distinct channel), bool_and(beta > 20 * (delta + theta + alpha + gamma)) from band_power where recording_id = '${recording}'`,
      ),
      "8|t",
    );
    assert.equal(
      await sql(
        "select string_agg(hypertable_name, ' ' order by hypertable_name) from timescaledb_information.hypertables",
      ),
      "band_power chunk prediction",
    );
    const file = await ask(`recordings/${recording}/export`);
    assert.equal(file.headers.get("content-type"), "application/x-hdf5");
    const bytes = Buffer.from(await file.arrayBuffer());
    assert.equal(bytes.subarray(1, 4).toString(), "HDF");
    assert.ok(bytes.length > 20_000, `${bytes.length} bytes`);
  });

  it("tells closed eyes from open ones, by the model of the build", async () => {
    for (const kind of ["eyes-closed", "eyes-open"]) {
      const recording = await start({ kind });
      await eventually("eight predictions", async () => (await predictions(recording)).length, {
        until: (seen) => seen >= 8,
      });
      await stop();
      const found = await predictions(recording);
      const right = found.filter(({ label }) => label === kind).length;
      assert.ok(right > found.length * 0.7, `${kind}: ${right} of ${found.length}`);
      assert.match(found[0]?.model ?? "", /^eyes-1-[0-9a-f]{8}$/);
    }
  });

  it("shows people the live picture", async () => {
    await page.goto(ADDRESS);
    await page.getByLabel("Name").fill("operator");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Simulated EEG headset 1", exact: true }).waitFor();
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.getByRole("heading", { name: "Live: Simulated EEG headset 1" }).waitFor();
    await page.getByText(/% sure, by the model eyes-1-/).waitFor();
    await page
      .getByText(/µV², \d+ %/)
      .first()
      .waitFor();
    // Long enough to fill the chart.
    await page.waitForTimeout(9_000);
    await page.screenshot({ path: join(reports, "neurascale-live.png"), fullPage: true });
    await page.getByRole("button", { name: /^Stop/ }).click();
    await page.getByRole("button", { name: /^Start/ }).waitFor();
  });

  it("loses no acknowledged window, whichever of its services and stores is killed", async () => {
    const recording = await start({ kind: "alternating", seconds: 10 });
    await eventually("the first window", async () => (await windows(recording)).length, {
      until: (seen) => seen > 0,
    });
    for (const service of ["neural-processor", "ml-pipeline", "api-gateway", "redis", "kafka", "db"]) {
      const killed = Date.now();
      await kill(await containerOf(service));
      await eventually(
        `windows go on after ${service} was killed`,
        async () => (await windows(recording)).at(-1)?.time,
        { until: (newest) => newest !== undefined && Date.parse(newest) > killed },
      );
      const back = ((Date.now() - killed) / 1000).toFixed(1);
      await allHealthy(checkout);
      const healthy = ((Date.now() - killed) / 1000).toFixed(1);
      console.log(`      ${service} killed: new windows after ${back} s, all healthy after ${healthy} s`);
    }
    await stop();
    // The database must contain all data that the managers acknowledged. No manager has been killed yet.
    const managers = await containersOf("device-manager");
    const delivered = async () => {
      const counts = await Promise.all(
        managers.map(async (id) => {
          const line = /neurascale_device_chunks_total\{outcome="delivered"\} (\S+)/;
          return Number(line.exec(await metricsOf(id, 8081))?.[1] ?? 0);
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await eventually(
      "every acknowledged chunk is stored",
      async () => ({ stored: Number(await sql("select count(*) from chunk")), delivered: await delivered() }),
      { until: (chunks) => chunks.stored === chunks.delivered },
    );
    // Every complete two seconds of signal must have band power and prediction.
    const whole = `select recording_id, sequence / 4 as window_index from chunk c where sequence % 4 = 0
      and (select count(*) from chunk d where d.recording_id = c.recording_id and d.sequence between c.sequence and c.sequence + 7) = 8`;
    const missing = (table: string) =>
      sql(`select count(*) from (${whole} except select recording_id, window_index from ${table}) x`);
    await eventually(
      "no window is missing",
      async () => [await missing("band_power"), await missing("prediction")],
      { until: (counts) => counts.every((count) => count === "0") },
    );
    assert.ok(Number(await sql(`select count(*) from (${whole}) x`)) > 60);
  });

  it("goes on with another manager when the one that streams is killed", async () => {
    const recording = await start({ kind: "eyes-closed" });
    const device = () => api<Device>(`devices/${DEVICE}`);
    await eventually("the device streams", async () => (await device()).status, {
      until: (seen) => seen === "streaming",
    });
    const manager = (await device()).manager ?? assert.fail("no manager");
    const victim =
      (await containersOf("device-manager")).find((id) => manager.startsWith(id.slice(0, 12))) ??
      assert.fail(`no container of ${manager}`);
    const killed = Date.now();
    // Keeps the manager down. If restarted within its lease of some seconds, it would resume by itself.
    await docker("kill", victim);
    await eventually("another manager streams", device, {
      until: ({ status, manager: by }) => status === "streaming" && by !== null && by !== manager,
    });
    await eventually("windows go on", async () => (await windows(recording)).at(-1)?.time, {
      until: (newest) => newest !== undefined && Date.parse(newest) > killed,
    });
    console.log(
      `      device-manager killed: new windows after ${((Date.now() - killed) / 1000).toFixed(1)} s`,
    );
    await docker("start", victim);
    await stop();
    await allHealthy(checkout);
  });

  it("keeps metrics to the inside, and shows what it takes", async () => {
    const metrics = await metricsOf(await containerOf("neural-processor"), 8081);
    assert.match(metrics, /neurascale_rows_written_total\{what="window"\}/);
    assert.doesNotMatch(await (await fetch(`${ADDRESS}/metrics`)).text(), /neurascale_/);
    const used = await docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}");
    for (const line of used.split("\n").filter((one) => one.startsWith(project))) {
      console.log(`      ${line.replace(`${project}-`, "").replace(/ \/.*/, "")}`);
    }
    const limits = {
      "api-gateway": 30,
      "device-manager": 400,
      "ml-pipeline": 700,
      "neural-processor": 500,
      "web-frontend": 250,
    };
    for (const [name, limit] of Object.entries(limits)) {
      const image = (await services()).find(({ service }) => service === name)?.image ?? assert.fail(name);
      const size = await unpackedSize(image);
      console.log(`      ${name} ${(size / MEGABYTE).toFixed(0)} MB, unpacked`);
      assert.ok(size < limit * MEGABYTE, `${name}: ${size}`);
    }
  });

  it("keeps to itself: numeric users, read-only, no capabilities, the pages reach nothing behind the gateway", async () => {
    for (const { service, id, image } of await services()) {
      const container = await keepsToItself({ service, id });
      assert.equal(container.HostConfig.Privileged, false, service);
      assert.doesNotMatch(await docker("history", "--no-trunc", image), new RegExp(PASSWORD), service);
      assert.doesNotMatch(await docker("logs", id), new RegExp(PASSWORD), service);
    }
    for (const target of ["neural-processor/8080", "db/5432", "kafka/9092"]) {
      const command = `exec 3<>/dev/tcp/${target}`;
      const reach = await run("docker", ["exec", await containerOf("web-frontend"), "bash", "-c", command]);
      assert.notEqual(reach.code, 0, `the pages must not reach ${target}`);
    }
  });

  it("changes nothing when nothing has changed, and leaves nothing when asked to", async () => {
    await staysAsItIs(checkout);
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await leavesNothing(project);
  });
});
