import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { load } from "js-yaml";
import { checkSystem } from "../../catalog/check";
import { authority, http, system, text, type Vocabulary } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import { AGENT } from "../../catalog/plan/monitoring";
import type { PlanSettings } from "../../catalog/plan/settings";
import { renderCompose } from "../../render/compose";
import { storesSystem } from "../support/stores-sample";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;
const settings = { environment: "prod", target: "compose", monitoring: { scrapeSeconds: 15 } } as const;

/** Two services without connections between them, each with its own database. */
const shop = system("shop", ({ upstream, postgres, service, route }) => {
  const python = upstream("python", "python:3.13-slim", { runtime: "python" });
  const common = { image: python, ports: { http: 8000 }, live: http("/livez"), resources };
  const metrics = { port: "http", path: "/metrics" };
  const orders = postgres("orders-db", { database: "orders" });
  const stock = postgres("stock-db", { database: "stock" });
  const web = service("web", { ...common, metrics, env: { DATABASE_URL: orders.url } });
  service("worker", { ...common, metrics, replicas: 3, env: { DATABASE_URL: stock.url } });
  service("quiet", common);
  route("/", web.http);
});

const plan = planSystem(shop, settings);
const render = (one: Plan) =>
  renderCompose(one, {
    project: "shop-prod",
    edgePort: 8080,
    imageReference: ({ name }) => name,
    sharedNetwork: (name) => `monitoring-prod_${name}`,
  });
const { document, files } = render(plan);
const workload = (name: string, of = plan) =>
  of.workloads.find((one) => one.name === name) ?? assert.fail(`no ${name}`);

interface AgentConfiguration {
  global: { scrape_interval: string; external_labels: Record<string, string> };
  remote_write: { url: string }[];
  scrape_configs: {
    job_name: string;
    metrics_path?: string;
    dns_sd_configs?: { names: string[]; type: string; port: number }[];
    relabel_configs?: { target_label: string; replacement: string }[];
  }[];
}
const agentFile = (of: Plan) => load(workload(AGENT, of).configFiles[0]?.content ?? "") as AgentConfiguration;

describe("monitoring in a plan", () => {
  it("adds an agent and an exporter per store and edge, and changes nothing when it is off", () => {
    const added = ["edge-exporter", AGENT, "orders-db-exporter", "stock-db-exporter"];
    const off = planSystem(shop, { environment: "prod", target: "compose" });
    assert.deepEqual(
      plan.workloads
        .map(({ name }) => name)
        .filter((name) => !off.workloads.some((one) => one.name === name)),
      added,
    );
    assert.ok(!JSON.stringify(off).includes("metrics-password"), "no unused secret");
    assert.equal(off.edgeExporter, undefined);
  });

  it("is nothing on clusters, and the monitoring system does not collect its own", () => {
    for (const target of ["kubernetes", "gcp"] as const) {
      const elsewhere: PlanSettings = { ...settings, target, domain: "example.com" };
      assert.ok(!planSystem(shop, elsewhere).workloads.some(({ name }) => name === AGENT), target);
    }
    const itself = system("monitoring", ({ upstream, service }) => {
      service("prometheus", {
        image: upstream("p", "prom/prometheus:v2.53.3", { runtime: "wget" }),
        resources,
      });
    });
    assert.deepEqual(
      planSystem(itself, settings).workloads.map(({ name }) => name),
      ["prometheus"],
    );
  });

  it("asks every replica of what has metrics, and labels what comes by system and service", () => {
    const { global, remote_write, scrape_configs } = agentFile(plan);
    assert.equal(global.scrape_interval, "15s");
    assert.deepEqual(global.external_labels, { system: "shop" });
    assert.deepEqual(
      remote_write.map(({ url }) => url),
      ["http://prometheus:9090/prometheus/api/v1/write"],
    );
    const jobs = scrape_configs.map(({ job_name, dns_sd_configs, relabel_configs = [] }) => [
      job_name,
      dns_sd_configs?.map(({ names, type, port }) => `${type} ${names.join(" ")}:${port}`).join(),
      relabel_configs.map(({ target_label, replacement }) => `${target_label}=${replacement}`).join(" "),
    ]);
    assert.deepEqual(jobs, [
      ["web", "A web:8000", "job=service service=web"],
      ["worker", "A worker:8000", "job=service service=worker"],
      ["orders-db-exporter", "A orders-db-exporter:9187", "job=store service=orders-db"],
      ["stock-db-exporter", "A stock-db-exporter:9187", "job=store service=stock-db"],
      ["edge-exporter", "A edge-exporter:9113", "job=edge service=edge"],
      [AGENT, undefined, ""],
    ]);
  });

  it("builds no bridge: networks hold the same services as before, beside what monitoring adds", () => {
    const members = (of: Plan) => {
      const { services, networks = {} } = render(of).document;
      return new Map(
        Object.keys(networks).map((network) => [
          network,
          Object.keys(services).filter((name) => services[name]?.networks?.includes(network)),
        ]),
      );
    };
    const before = members(planSystem(shop, { environment: "prod", target: "compose" }));
    for (const [network, names] of members(plan)) {
      const own = names.filter((name) => name !== AGENT && !name.endsWith("-exporter"));
      const allowed = before.get(network) ?? own.slice(0, 1);
      assert.deepEqual(own, allowed, network);
    }
    assert.deepEqual(document.networks?.shared_metrics, { external: true, name: "monitoring-prod_metrics" });
    assert.deepEqual(members(plan).get("shared_metrics"), [AGENT]);
    assert.deepEqual(members(plan).get("edge_status"), ["edge", "edge-exporter"]);
    // The agent is on every network and accepts no connection.
    assert.ok(document.services[AGENT]?.command?.includes("--web.listen-address=127.0.0.1:9090"));
    assert.deepEqual(workload(AGENT).ports, []);
    assert.deepEqual(workload(AGENT).clients, []);
    // An exporter shares a network only with its own datastore.
    assert.deepEqual(document.services["orders-db-exporter"]?.networks, ["orders-db", "orders-db-exporter"]);
  });

  it("logs in with a role that reads statistics only, made by the database's own job", () => {
    const { env, secretFiles, after } = workload("orders-db-exporter");
    assert.deepEqual(env, [
      { name: "DATA_SOURCE_URI", value: "orders-db:5432/orders?sslmode=disable" },
      { name: "DATA_SOURCE_USER", value: "orders_metrics" },
    ]);
    assert.deepEqual(
      secretFiles.map(({ variable, value }) => [variable, value]),
      [["DATA_SOURCE_PASS_FILE", { late: "secret", secret: "orders-db-metrics-password" }]],
    );
    assert.deepEqual(after, [{ workload: "orders-db-roles", condition: "completed" }]);
    const sql =
      workload("orders-db-roles").configFiles.find(({ path }) => path.endsWith(".sql"))?.content ?? "";
    assert.match(sql, /GRANT pg_monitor TO orders_metrics;/);
    assert.doesNotMatch(sql, /GRANT orders_(app|owner) TO[^;]*orders_metrics/);
    assert.ok(plan.secrets.some(({ name }) => name === "orders-db-metrics-password"));
  });

  it("knows Redis and Kafka, and leaves out Neo4j, whose community edition says nothing", () => {
    const stores = planSystem(storesSystem(), settings);
    assert.deepEqual(
      stores.workloads.map(({ name }) => name).filter((name) => name.endsWith("-exporter")),
      ["cache-exporter", "events-exporter"],
    );
    assert.deepEqual(workload("cache-exporter", stores).secretFiles[0]?.value, {
      late: "text",
      parts: ['{"redis://cache:6379":"', { late: "secret", secret: "cache-password" }, '"}'],
    });
    assert.deepEqual(workload("events-exporter", stores).env, [
      { name: "KAFKA_BOOTSTRAP", value: "events:9092" },
    ]);
  });

  it("opens the edge's numbers to its exporter, on paths that no route has", () => {
    const nginx = files["config/edge/nginx.conf"] ?? "";
    assert.match(nginx, /listen 8082;[\s\S]*location = \/status \{\s+stub_status;/);
    const off = planSystem(shop, { environment: "prod", target: "compose" });
    assert.doesNotMatch(render(off).files["config/edge/nginx.conf"] ?? "", /8082|stub_status/);
  });
});

const problems = (describeSystem: (words: Vocabulary) => void) =>
  checkSystem(system("sample", describeSystem), { environment: "prod", target: "compose" }).map(
    ({ path, message }) => `${path}: ${message}`,
  );

describe("files of a service", () => {
  const definition = system("sample", ({ upstream, service, secret, setting }) => {
    const image = upstream("p", "python:3.13-slim", { runtime: "python" });
    const api = service("api", { image, ports: { http: 8000 }, live: http("/livez"), resources });
    const hook = secret("hook", { optionalIn: ["local"] });
    service("reader", {
      image,
      resources,
      env: { HOOK: hook },
      files: {
        "/etc/app.conf": text`api = ${authority(api.http)}\nlevel = ${setting("level", "info")}\n`,
        "/etc/hook.conf": { whenSet: hook, then: "hook = yes\n", otherwise: "hook = no\n" },
      },
    });
  });
  const reader = (secretsSet: string[]) =>
    workload("reader", planSystem(definition, { environment: "local", target: "compose", secretsSet }));

  it("hold settings and addresses, which make a connection and an order like those in env", () => {
    const { configFiles, connects, after } = reader([]);
    assert.deepEqual(configFiles, [
      { path: "/etc/app.conf", content: "api = api:8000\nlevel = info\n" },
      { path: "/etc/hook.conf", content: "hook = no\n" },
    ]);
    assert.deepEqual(connects, [{ to: "workload", workload: "api", port: 8000 }]);
    assert.deepEqual(after, [{ workload: "api", condition: "healthy" }]);
  });

  it("are chosen by whether an optional secret is set", () => {
    assert.equal(reader(["hook"]).configFiles[1]?.content, "hook = yes\n");
  });

  it("never hold a secret, nor take a path that something else has", () => {
    const found = problems(({ upstream, service, secret }) => {
      service("reader", {
        image: upstream("p", "python:3.13-slim", { runtime: "python" }),
        resources,
        files: { "/etc/a.conf": text`password = ${secret("password")}`, "/tmp": "x", "etc/b.conf": "y" },
      });
    });
    assert.deepEqual(
      found.sort(),
      [
        "sample.reader.files./etc/a.conf: secret password is secret and a configuration file is kept in plain text",
        "sample.reader.files./tmp: /tmp is mounted for writing already",
        'sample.reader.files.etc/b.conf: expected an absolute path, got "etc/b.conf"',
      ].map((line) => line.replace("secret password is", "text is")),
    );
  });
});

describe("names and places of monitoring", () => {
  const one = (name: string) =>
    problems(({ upstream, service }) => {
      service(name, { image: upstream("p", "python:3.13-slim", { runtime: "python" }), resources });
    });

  it("are not to be had by others", () => {
    assert.deepEqual(one(AGENT), [`sample.${AGENT}: the name is reserved for what collects the metrics`]);
    assert.deepEqual(one("prometheus"), [
      "sample.prometheus: the name is reserved for what takes the metrics in",
    ]);
  });

  it("are for Compose: sharing networks and asking the engine need a system that runs nowhere else", () => {
    const found = problems(({ upstream, service }) => {
      service("watcher", {
        image: upstream("p", "python:3.13-slim", { runtime: "python" }),
        resources,
        shares: ["metrics"],
        exceptions: [{ allow: "engine-socket", reason: "for a test" }],
      });
    });
    assert.deepEqual(found, [
      "sample.watcher.shares: only Compose projects can share networks",
      "sample.watcher.exceptions: only Compose has a Docker socket",
    ]);
    const limited = system("sample", () => undefined, { targets: ["compose"] });
    assert.deepEqual(
      checkSystem(limited, { environment: "prod", target: "gcp" }).map(({ message }) => message),
      ["runs on compose only, and the target is gcp"],
    );
  });
});
