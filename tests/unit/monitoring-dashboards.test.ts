import assert from "node:assert/strict";
import { load } from "js-yaml";
import { describe, it } from "mocha";
import { z } from "zod";
import { standardSpec } from "../../components/cluster.args";
import { mark } from "../../render/monitoring/fill";
import { dashboards } from "../../render/monitoring/dashboards";
import { DATASOURCE } from "../../render/monitoring/dashboards/shape";
import { grafanaFiles } from "../../render/monitoring/grafana";
import { ruleGroups } from "../../render/monitoring/rules";
import { EXPORTED } from "../support/exported-metrics";
import { metricNames } from "../support/promql";

const groups = ruleGroups("compose");
const recorded = groups.flatMap(({ recordings }) => recordings.map(({ record }) => record));
const exported: readonly string[] = Object.values(EXPORTED).flat();

const datasource = z.strictObject({ type: z.literal("prometheus"), uid: z.literal(DATASOURCE.uid) });
const target = z.strictObject({
  refId: z.string().regex(/^[A-H]$/),
  expr: z.string().min(1),
  legendFormat: z.string().min(1),
  datasource,
  instant: z.literal(true).optional(),
  format: z.literal("table").optional(),
});
const gridPos = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});
const panel = z.discriminatedUnion("type", [
  z.strictObject({
    id: z.int(),
    type: z.literal("row"),
    title: z.string(),
    gridPos,
    collapsed: z.literal(false),
    panels: z.tuple([]),
  }),
  ...(["stat", "timeseries", "table"] as const).map((type) =>
    z.strictObject({
      id: z.int(),
      type: z.literal(type),
      title: z.string().min(1),
      description: z.string().optional(),
      gridPos,
      datasource,
      targets: z.array(target).min(1),
      fieldConfig: z.strictObject({ defaults: z.object({ unit: z.string() }), overrides: z.tuple([]) }),
      options: z.object({}),
    }),
  ),
]);
const dashboard = z.strictObject({
  uid: z.string().regex(/^[a-z-]{1,40}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  editable: z.literal(false),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({
    list: z.array(
      z.object({ name: z.string(), type: z.literal("query"), datasource, allValue: z.literal(".*") }),
    ),
  }),
  panels: z.array(panel),
});

describe("dashboards", () => {
  for (const [name, content] of Object.entries(dashboards)) {
    it(`${name} has Grafana's shape, and no two panels in one place`, () => {
      const { panels } = dashboard.parse(JSON.parse(JSON.stringify(content)));
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      assert.equal(new Set(cells).size, cells.length, "panels overlap");
      assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
    });

    it(`${name} queries only exported or recorded series`, () => {
      const queries = [
        ...content.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
        ...content.templating.list.map(({ query }) => /label_values\(([^,]+)/.exec(query.query)?.[1] ?? ""),
      ];
      assert.deepEqual(unknownNames(queries), []);
    });
  }

  it("are found by Grafana: the folder, the data source's name, and a mark where its address goes", () => {
    const files = grafanaFiles(mark("prometheus"));
    const sources = load(files["/etc/grafana/provisioning/datasources/longshore.yaml"] ?? "") as {
      datasources: { uid: string; url: string }[];
    };
    assert.deepEqual(
      sources.datasources.map(({ uid, url }) => [uid, url]),
      [[DATASOURCE.uid, "@(prometheus)"]],
    );
    const providers = load(files["/etc/grafana/provisioning/dashboards/longshore.yaml"] ?? "") as {
      providers: { options: { path: string } }[];
    };
    const folder = providers.providers[0]?.options.path ?? "";
    assert.deepEqual(
      Object.keys(files).filter((path) => path.startsWith(folder) && path.endsWith(".json")),
      Object.keys(dashboards).map((name) => `${folder}/${name}.json`),
    );
  });
});

describe("rules", () => {
  it("query only exported or recorded series, and every series listed as exported is queried", () => {
    const queries = groups.flatMap(({ recordings, alerts }) =>
      [...recordings, ...alerts].map(({ expr }) => expr),
    );
    assert.deepEqual(unknownNames(queries), []);
    const shown = Object.values(dashboards).flatMap(({ panels }) =>
      panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    );
    const asked = new Set([...queries, ...shown].flatMap(metricNames));
    assert.deepEqual(
      exported.filter((name) => !asked.has(name)),
      [],
    );
  });

  it("record the same series on one machine and on clusters, so that alerts about workloads are the same", () => {
    const names = (source: "compose" | "cluster") =>
      ruleGroups(source)
        .filter(({ name }) => ["containers", "use", "requests"].includes(name))
        .flatMap(({ recordings }) => recordings.map(({ record }) => record))
        .sort();
    const unknown = ["service:containers_oom_killed:count"];
    assert.deepEqual(
      names("cluster"),
      names("compose").filter((name) => !unknown.includes(name)),
    );
    const asked = ruleGroups("cluster").flatMap(({ alerts }) =>
      alerts.flatMap(({ expr }) => metricNames(expr)),
    );
    assert.deepEqual(
      asked.filter((name) => !names("cluster").includes(name)),
      [],
    );
  });

  it("ask clusters only for what they are told to collect", () => {
    const { enableComponents } = standardSpec({
      project: "acme-prod",
      region: "us-central1",
      network: "network",
      subnetwork: "subnetwork",
      podRange: "pods",
      serviceRange: "services",
      nodeAccount: "nodes@acme-prod.iam.gserviceaccount.com",
      protect: true,
    }).monitoringConfig;
    const collected = (name: string) =>
      enableComponents.some((component) => name.startsWith(`kube_${component.toLowerCase()}_`)) ||
      (name.startsWith("kubernetes_io:") && enableComponents.includes("SYSTEM_COMPONENTS"));
    const asked = ruleGroups("cluster").flatMap(({ recordings }) =>
      recordings.flatMap(({ expr }) => metricNames(expr)),
    );
    const known = [...EXPORTED.services, ...recorded] as readonly string[];
    assert.deepEqual(
      asked.filter((name) => !collected(name) && !known.includes(name)),
      [],
    );
  });
});

function unknownNames(queries: readonly string[]): string[] {
  return queries.flatMap(metricNames).filter((name) => !recorded.includes(name) && !exported.includes(name));
}
