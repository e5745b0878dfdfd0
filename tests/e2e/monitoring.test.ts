import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { get as httpsGet } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { selfSigned, type TlsPair } from "../../cli/secrets/certificate";
import { dashboards } from "../../render/monitoring/dashboards";
import { composeProjectName } from "../../tools/compose-project-name";
import { run } from "../../tools/process";
import { Checkout } from "../support/checkout";
import { docker, eventually, type Status, killContainer } from "../support/end-to-end";
import { EXPORTED } from "../support/exported-metrics";
import { underLoad, type Asked } from "../support/load";
import { runnable } from "../support/promql";

const TODO = 18132;
const MONITORING = 18133;
const HOOK = 18134;
const REDIRECT = 18135;
/** A loopback address other than the default, as a machine in production has an address of its own. */
const HOST = "127.0.0.2";
const ADDRESS = `https://${HOST}:${TODO}`;
const PROMETHEUS = `http://127.0.0.1:${MONITORING}/prometheus/api/v1`;

interface Sent {
  status: string;
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}

async function ask<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${PROMETHEUS}/${path}?${new URLSearchParams(query).toString()}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
  assert.equal(status, "success", `${path} ${JSON.stringify(query)}: ${error ?? ""}`);
  return data;
}

/** Sends a request that accepts only these certificates. */
function get({ url, ca = [] }: Asked): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    httpsGet(url, { ca: [...ca], agent: false }, (answer) => {
      answer.resume().on("end", () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
      });
    }).on("error", reject);
  });
}

const query = async (expr: string) =>
  (
    await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>("query", {
      query: expr,
    })
  ).result;
const value = async (expr: string) => Number((await query(expr))[0]?.value[1] ?? Number.NaN);

describe("A system in production on one machine, monitored, from a fresh checkout to a delivered alert", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let hook: Server;
  let gateway: string;
  let pair: TlsPair;
  const sent: Sent[] = [];

  before(async () => {
    checkout = new Checkout();
    // The environment has monitoring, TLS and two replicas by default. The test removes the data at its end.
    checkout.presetLocal(
      [
        "config:",
        "  longshore:environment: prod",
        "  longshore:lifecycle: ephemeral",
        "  longshore:systems: [todo]",
        `  longshore:bind: { todo: ${HOST} }`,
        `  longshore:ports: { todo: ${TODO}, monitoring: ${MONITORING} }`,
        `  longshore:redirectPorts: { todo: ${REDIRECT} }`,
        "  longshore:monitoring: { settings: { scrapeSeconds: 3, alertDelay: 3s } }",
        "",
      ].join("\n"),
    );
    pair = await selfSigned([HOST], 90);
    gateway = (
      await docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")
    ).trim();
    hook = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        sent.push(JSON.parse(body) as Sent);
        response.end();
      });
    }).listen(HOOK, "0.0.0.0");
  });

  after(async () => {
    hook.close();
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  /** Target of requests that accepts the system's certificate only. */
  const at = (path: string) => ({ url: `${ADDRESS}${path}`, ca: [pair.certificate] });
  const set = async (secret: string, value: string) => {
    const { code, stdout, stderr } = await checkout.runWithInput(
      value,
      {},
      "bin/longshore",
      "secrets",
      "set",
      secret,
    );
    assert.equal(code, 0, stdout + stderr);
  };
  const services = async () => (await checkout.json<Status>("status")).services;
  const containerOf = async (system: string, service: string) =>
    (await services()).find((one) => one.system === system && one.service === service)?.id ??
    assert.fail(`no ${system}/${service}`);

  it("comes up with two replicas of each service, an agent and exporters", async () => {
    await set("todo.openai-api-key", "sk-not-used");
    await set("todo.edge-tls-certificate", pair.certificate);
    await set("todo.edge-tls-key", pair.key);
    await set("monitoring.alert-webhook-url", `http://${gateway}:${HOOK}/`);
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=monitoring,todo");
    assert.equal(code, 0, stdout + stderr);
    const running = (await services()).filter(({ state }) => state === "running");
    const names = running.map(({ system, service }) => `${system}/${service}`);
    for (const name of [
      "todo/metrics-agent",
      "todo/db-exporter",
      "todo/edge-exporter",
      "monitoring/prometheus",
    ]) {
      assert.ok(names.includes(name), name);
    }
    for (const replicated of ["todo/backend", "todo/frontend"]) {
      assert.equal(names.filter((name) => name === replicated).length, 2, replicated);
    }
    if (!names.includes("monitoring/grafana")) {
      assert.match(stdout + stderr, /left out: monitoring\/grafana: grafana\/grafana:\S+ cannot be pulled/);
    }
  });

  it("is served with HTTPS on its address, and nothing else is published beyond 127.0.0.1", async () => {
    const answer = await get(at("/"));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
    const plain = await fetch(`http://${HOST}:${REDIRECT}/a?b=c`, { redirect: "manual" });
    assert.equal(plain.status, 308);
    assert.equal(plain.headers.get("location"), `${ADDRESS}/a?b=c`);
    const published = await Promise.all(
      (await services()).map(async ({ id, system, service }) => {
        const bindings = JSON.parse(
          await docker("inspect", "-f", "{{json .HostConfig.PortBindings}}", id),
        ) as Record<string, { HostIp: string; HostPort: string }[]> | null;
        return Object.values(bindings ?? {})
          .flat()
          .map(({ HostIp: host, HostPort: port }) => `${system}/${service} ${host}:${port}`);
      }),
    );
    assert.deepEqual(published.flat().sort(), [
      `monitoring/edge 127.0.0.1:${MONITORING}`,
      `todo/edge ${HOST}:${TODO}`,
      `todo/edge ${HOST}:${REDIRECT}`,
    ]);
  });

  it("scrapes every target, each replica too, and counts a request", async () => {
    const wanted = ["backend", "frontend", "db", "edge", "metrics-agent"].map((name) => `todo/${name}`);
    const own = ["prometheus", "alertmanager", "node", "containers"].map((name) => `monitoring/${name}`);
    const notUp = async () => {
      const targets = (await query("up")).map(({ metric, value: [, up] }) => ({
        name: `${metric.system ?? ""}/${metric.service ?? ""}`,
        up: up === "1",
      }));
      const missing = [...wanted, ...own].filter((name) => !targets.some((target) => target.name === name));
      return [...missing, ...targets.filter((target) => !target.up).map((target) => target.name)];
    };
    await eventually("all targets are up", notUp, { until: (names) => names.length === 0 });
    assert.equal((await query('up{system="todo", service="backend"}')).length, 2);
    const requests =
      'sum(http_requests_total{system="todo", service="backend", route="/api/todos", method="GET"})';
    const before = (await value(requests)) || 0;
    assert.equal((await get(at("/api/todos"))).status, 200);
    await eventually("the request is counted", () => value(requests), { until: (count) => count > before });
  });

  it("shows when the next scheduled dump of a datastore is due", async () => {
    // The record that `backup --schedule` writes beside the timer, which needs systemd.
    const folder = join(checkout.data, "backup-schedules");
    mkdirSync(folder, { recursive: true });
    const record = { calendar: "daily", periodSeconds: 86_400, stores: [], systems: ["todo"], since: {} };
    writeFileSync(join(folder, "local.json"), JSON.stringify(record));
    const { code, stdout, stderr } = await checkout.longshore("backup", "todo/db");
    assert.equal(code, 0, stdout + stderr);
    const due = 'longshore_backup_due_timestamp_seconds{system="todo", service="db"} - time()';
    const seconds = await eventually("the exporter shows it", () => value(due), {
      until: (left) => left > 0,
    });
    assert.ok(seconds <= 86_400 + 3600 && seconds > 86_400 - 600, String(seconds));
  });

  it("has every metric that alerts and dashboards ask for, and every dashboard's query runs", async () => {
    const { redis: _redis, kafka: _kafka, ...here } = EXPORTED;
    // The series ALERTS exists only after an alert has become active.
    const wanted = Object.values(here)
      .flat()
      .filter((name) => name !== "ALERTS");
    const missing = async () => {
      const names = await ask<string[]>("label/__name__/values");
      return wanted.filter((name) => !names.includes(name));
    };
    await eventually("all metrics are there", missing, { until: (names) => names.length === 0 });
    for (const { title, panels } of Object.values(dashboards)) {
      for (const { expr } of panels.flatMap(({ targets = [] }) => targets)) {
        await assert.doesNotReject(query(runnable(expr)), `${title}: ${expr}`);
      }
    }
    assert.ok((await query("service:memory_saturation:ratio")).length > 5);
    const rules = await ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
      "rules",
    );
    const ill = rules.groups.flatMap((group) => group.rules).filter(({ health }) => health === "err");
    assert.deepEqual(ill, []);
  });

  it("fails no request when a replica is killed, and notifies the webhook of it and of its recovery", async () => {
    const backend = await containerOf("todo", "backend");
    const notified = () =>
      sent
        .flatMap(({ alerts }) => alerts)
        .filter(
          ({ labels }) =>
            labels.alertname === "ContainerDown" && labels.system === "todo" && labels.service === "backend",
        );
    const about = (status: string) => notified().find((alert) => alert.status === status);
    // The delay is so short here that containers that are starting raise the alert, too.
    const active = async () => {
      const alerts = `http://127.0.0.1:${MONITORING}/alertmanager/api/v2/alerts?filter=service%3D%22backend%22`;
      const held = (await (await fetch(alerts)).json()) as unknown[];
      return held.length > 0 || notified().at(-1)?.status === "firing";
    };
    await eventually("no alert of the start is left", active, { until: (isActive) => !isActive });
    sent.length = 0;
    const { sent: requests, failed } = await underLoad([at("/api/todos"), at("/")], async () => {
      await docker("kill", backend);
      await eventually("the alert is sent", () => sent, { until: () => about("firing") !== undefined });
    });
    assert.deepEqual(failed, []);
    assert.ok(requests > 10, `${requests} requests`);
    const { labels, annotations } = about("firing") ?? assert.fail();
    assert.equal(labels.severity, "critical");
    assert.equal(labels.environment, "prod");
    assert.equal(annotations.summary, "todo/backend: 1 container(s) not running");
    await docker("start", backend);
    await eventually("it is over", () => sent, { until: () => about("resolved") !== undefined });
  });

  it("keeps what it has when Prometheus is killed, and what agents could not send meanwhile", async () => {
    const samples = 'sum(count_over_time(up{system="todo", service="backend"}[1h]))';
    const before = await value(samples);
    const prometheus = await containerOf("monitoring", "prometheus");
    await killContainer(prometheus);
    await eventually("it answers with more than before", () => value(samples), {
      until: (count) => count > before,
    });
  });

  it("is no way from one service to another", async () => {
    const backend = await containerOf("todo", "backend");
    const reach = (host: string, port: number) =>
      run("docker", [
        "exec",
        backend,
        "python",
        "-c",
        `import socket; socket.create_connection(("${host}", ${port}), 2)`,
      ]);
    for (const [host, port] of [
      ["metrics-agent", 9090],
      ["prometheus", 9090],
      ["alertmanager", 9093],
      ["edge-exporter", 9113],
    ] as const) {
      assert.notEqual((await reach(host, port)).code, 0, `${host} must not be reached`);
    }
    const address = await docker(
      "inspect",
      "-f",
      "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}",
      await containerOf("monitoring", "prometheus"),
    );
    for (const one of address.split(" ").filter(Boolean)) {
      assert.notEqual((await reach(one, 9090)).code, 0, `prometheus at ${one} must not be reached`);
    }
    const [network] = JSON.parse(
      await docker(
        "network",
        "inspect",
        (await docker("network", "ls", "--filter", "name=_metrics", "--format", "{{.Name}}"))
          .split("\n")
          .find((name) => name.includes(checkoutSuffix())) ?? assert.fail("no network"),
      ),
    ) as [{ Internal: boolean; Containers: Record<string, { Name: string }> }];
    assert.equal(network.Internal, true);
    const members = Object.values(network.Containers).map(({ Name }) =>
      Name.replace(/^.*?-local-[0-9a-f]{6}-|-\d+$/g, ""),
    );
    assert.deepEqual(members.sort(), ["metrics-agent", "prometheus"]);
  });

  it("goes away without taking anything along, and leaves nothing", async () => {
    const { code, stdout, stderr } = await checkout.longshore(
      "down",
      "--system",
      "monitoring",
      "--volumes",
      "--yes",
    );
    assert.equal(code, 0, stdout + stderr);
    assert.equal((await get(at("/api/todos"))).status, 200);
    const all = await checkout.longshore("down", "--volumes", "--yes");
    assert.equal(all.code, 0, all.stdout + all.stderr);
    for (const kind of ["network", "volume"]) {
      assert.doesNotMatch(
        await docker(kind, "ls", "--format", "{{.Name}}"),
        new RegExp(checkoutSuffix()),
        kind,
      );
    }
  });

  /** Returns the suffix that distinguishes this checkout's projects from others on the machine. */
  function checkoutSuffix(): string {
    return composeProjectName("x", "local", { ...process.env, XDG_DATA_HOME: checkout.dataHome }).replace(
      "x-local-",
      "",
    );
  }
});
