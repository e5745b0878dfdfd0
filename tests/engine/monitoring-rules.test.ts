import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { PROMETHEUS_IMAGE } from "../../catalog/plan/monitoring";
import { cloudDashboardJson } from "../../render/monitoring/dashboards/cloud-monitoring";
import { backupAlert } from "../../render/monitoring/backup-alert";
import { clusterRules, useRules } from "../../render/monitoring/google";
import { ruleFile, ruleGroups } from "../../render/monitoring/rules";
import { run } from "../../tools/process";
import { ALERT_CASES, type AlertCase } from "../support/alert-cases";
import { CLUSTER_CASES } from "../support/cluster-cases";
import { useDocker } from "../support/compose-stack";

const alerts = ruleGroups("compose").flatMap((group) => group.alerts);

describe("alert rules, in Prometheus' own tool", function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    await useDocker([PROMETHEUS_IMAGE]);
    folder = mkdtempSync(join(tmpdir(), "longshore-rules-"));
    writeFileSync(join(folder, "rules.yml"), ruleFile("2m"));
    const groups = [...clusterRules("2m").spec.groups, ...useRules("shop-1").spec.groups];
    writeFileSync(join(folder, "cluster.yml"), JSON.stringify({ groups }));
    writeFileSync(join(folder, "dashboard.yml"), JSON.stringify({ groups: [queriesAsRules()] }));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs promtool on files of the folder, which its default user may not be able to read. */
  const promtool = (...args: string[]) =>
    run(
      "docker",
      ["run", "--rm", "--user", "0:0", "--network", "none", "-v", `${folder}:/work:ro`, "-w", "/work"].concat(
        ["--entrypoint", "promtool", PROMETHEUS_IMAGE],
        args,
      ),
      { timeoutMs: 120_000 },
    );

  it("are what Prometheus accepts, on one machine and on clusters, and so are the queries of dashboards there", async () => {
    const { code, stdout, stderr } = await promtool(
      "check",
      "rules",
      "--lint-fatal",
      "rules.yml",
      "cluster.yml",
      "dashboard.yml",
    );
    assert.equal(code, 0, stdout + stderr);
  });

  it("each have a case", () => {
    assert.deepEqual(Object.keys(ALERT_CASES).sort(), alerts.map(({ name }) => name).sort());
  });

  it("fire for their condition and for nothing else", async () => {
    const tests = alerts.map(({ name, severity }) => ruleTest(name, severity, ALERT_CASES[name]));
    const content = { rule_files: ["rules.yml"], evaluation_interval: "15s", tests };
    writeFileSync(join(folder, "fire.yml"), JSON.stringify(content));
    const { code, stdout, stderr } = await promtool("test", "rules", "fire.yml");
    assert.equal(code, 0, stdout + stderr);
  });

  it("know of clusters what they know of one machine, from what GKE tells", async () => {
    const tests = CLUSTER_CASES.map(({ name, series, expr, expected }) => ({
      name,
      interval: "15s",
      input_series: inputSeries(series),
      promql_expr_test: [{ expr, eval_time: "10m", exp_samples: expected }],
    }));
    const content = { rule_files: ["cluster.yml"], evaluation_interval: "30s", tests };
    writeFileSync(join(folder, "on-clusters.yml"), JSON.stringify(content));
    const { code, stdout, stderr } = await promtool("test", "rules", "on-clusters.yml");
    assert.equal(code, 0, stdout + stderr);
  });

  it("fire on a cluster for a datastore whose newest dump is older than its schedule allows", async () => {
    // Every hour, and one hour of tolerance.
    const rules = backupAlert({ system: "shop", store: "db", job: "db-dump", periodSeconds: 3600 });
    writeFileSync(join(folder, "backup.yml"), JSON.stringify({ groups: rules.spec.groups }));
    const store = 'kube_statefulset_replicas{namespace="shop", statefulset="db"}';
    const pod = (name: string, phase = "Succeeded", instance = "a") =>
      `kube_pod_status_phase{namespace="shop", pod="${name}", phase="${phase}", instance="${instance}"}`;
    const dump = pod("db-dump-29384756-x2x4z");
    const firing = [
      {
        labels:
          'ALERTS{alertname="BackupTooOld", alertstate="firing", severity="warning", system="shop", service="db"}',
        value: 1,
      },
    ];
    const cases = {
      "no dump, and the datastore is older than two hours": [
        { [store]: "1x400" },
        { "1h": [], "150m": firing },
      ],
      "a failed dump, and a dump of another datastore": [
        {
          [store]: "1x400",
          [pod("db-dump-29384756-x2x4z", "Failed")]: "1x400",
          [pod("redis-dump-29384756-x2x4z")]: "_x60 1x340",
        },
        { "150m": firing },
      ],
      "a dump in time, and none after it": [
        { [store]: "1x400", [dump]: "0x180 1x220" },
        { "4h": [], "299m": [], "330m": firing },
      ],
      "a dump whose pod was removed with its node": [
        { [store]: "1x400", [dump]: "_x180 1x10 stale" },
        { "4h": [], "299m": [], "330m": firing },
      ],
      "an old dump whose series has other labels since the exporter was restarted": [
        {
          [store]: "1x400",
          [dump]: "1x200 stale",
          [pod("db-dump-29384756-x2x4z", "Succeeded", "b")]: "_x200 1x200",
        },
        { "4h": firing },
      ],
      "a datastore that is an hour old": [{ [store]: "_x180 1x220" }, { "4h": [] }],
    } as const;
    const tests = Object.entries(cases).map(([name, [series, expected]]) => ({
      name,
      interval: "1m",
      input_series: inputSeries(series),
      promql_expr_test: Object.entries(expected).map(([time, samples]) => ({
        expr: 'ALERTS{alertstate="firing"}',
        eval_time: time,
        exp_samples: samples,
      })),
    }));
    const content = { rule_files: ["backup.yml"], evaluation_interval: "5m", tests };
    writeFileSync(join(folder, "backups.yml"), JSON.stringify(content));
    const { code, stdout, stderr } = await promtool("test", "rules", "backups.yml");
    assert.equal(code, 0, stdout + stderr);
  });

  it("are quiet while all is well", async () => {
    const series = {
      'container_running{system="shop", service="web", kind="service", container="a"}': "1x240",
      'container_healthy{system="shop", service="web", kind="service", container="a"}': "1x240",
      'container_restarts_total{system="shop", service="web", kind="service", container="a"}': "2x240",
      'container_exit_code{system="shop", service="migrate", kind="job", container="b"}': "0x240",
      'container_running{system="shop", service="migrate", kind="job", container="b"}': "0x240",
      'up{job="service", system="shop", service="web"}': "1x240",
      'up{job="agent", system="shop", service="metrics-agent"}': "1x240",
      'http_requests_total{system="shop", service="web", route="/", status="200"}': "0+10x240",
      'node_filesystem_avail_bytes{mountpoint="/"}': "50x240",
      'node_filesystem_size_bytes{mountpoint="/"}': "100x240",
    };
    const quiet = {
      interval: "15s",
      input_series: inputSeries(series),
      promql_expr_test: [{ expr: "ALERTS", eval_time: "55m", exp_samples: [] }],
    };
    writeFileSync(
      join(folder, "quiet.yml"),
      JSON.stringify({ rule_files: ["rules.yml"], evaluation_interval: "15s", tests: [quiet] }),
    );
    const { code, stdout, stderr } = await promtool("test", "rules", "quiet.yml");
    assert.equal(code, 0, stdout + stderr);
  });
});

/** Returns the queries of a system's Cloud Monitoring dashboard, with all services selected. */
function queriesAsRules() {
  const page = cloudDashboardJson({ system: "shop", stack: "prod", cluster: "shop-1" });
  const queries = new Set<string>();
  JSON.parse(page, (key, value: unknown) => {
    if (key === "prometheusQuery") {
      queries.add(String(value).replaceAll("${service.value}", ".*").replaceAll("${__interval}", "1m"));
    }
    return value;
  });
  return {
    name: "page",
    rules: [...queries].map((expr, index) => ({ record: `shop:query${index}:any`, expr })),
  };
}

function ruleTest(name: string, severity: string, one: AlertCase | undefined) {
  assert.ok(one, `no case for ${name}`);
  const labels = { alertname: name, alertstate: "firing", severity, ...one.labels };
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return {
    name,
    interval: "15s",
    input_series: inputSeries(one.series),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${name}", alertstate="firing"}`,
        eval_time: one.at,
        exp_samples: [{ labels: `ALERTS{${text.join(", ")}}`, value: 1 }],
      },
    ],
  };
}

function inputSeries(series: Readonly<Record<string, string>>): { series: string; values: string }[] {
  return Object.entries(series).map(([name, values]) => ({ series: name, values }));
}
