import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { z } from "zod";
import {
  arrange,
  rowsFor,
  type Arranged,
  type PanelDescription,
  type Row,
} from "../../render/monitoring/dashboards/description";
import {
  cloudDashboard,
  cloudDashboardJson,
  type CloudDashboard,
} from "../../render/monitoring/dashboards/cloud-monitoring";
import { descriptions } from "../../render/monitoring/dashboards";
import { ruleGroups } from "../../render/monitoring/rules";
import { EXPORTED } from "../support/exported-metrics";
import { metricNames, runnable } from "../support/promql";

const SHOWN = { system: "todo", stack: "prod", cluster: "platform-cluster-gke-1a2b3c4" };

/** The used part of `google.monitoring.dashboard.v1`. Default values such as zeros and empty texts are omitted. */
const timeSeriesQuery = z.strictObject({
  prometheusQuery: z.string().min(1),
  unitOverride: z.enum(["10^2.%", "By", "By/s", "s", "1/s", "{cpu}"]).optional(),
});
const title = z.string().min(1);
const widget = z.union([
  z.strictObject({ title, sectionHeader: z.strictObject({ dividerBelow: z.literal(true) }) }),
  z.strictObject({
    title,
    scorecard: z.strictObject({
      timeSeriesQuery,
      thresholds: z
        .array(
          z.strictObject({
            color: z.enum(["YELLOW", "RED"]),
            direction: z.enum(["ABOVE", "BELOW"]),
            value: z.number().refine((value) => value !== 0),
          }),
        )
        .min(1)
        .optional(),
    }),
  }),
  z.strictObject({
    title,
    xyChart: z.strictObject({
      dataSets: z
        .array(
          z.strictObject({
            plotType: z.enum(["LINE", "STACKED_AREA", "STACKED_BAR", "HEATMAP"]),
            targetAxis: z.enum(["Y1", "Y2"]),
            legendTemplate: z.string().min(1),
            timeSeriesQuery,
          }),
        )
        .min(1),
    }),
  }),
]);
const tile = z.strictObject({
  xPos: z.int().min(1).optional(),
  yPos: z.int().min(1).optional(),
  width: z.int().min(1),
  height: z.int().min(1),
  widget,
});
const dashboard = z.strictObject({
  displayName: z.string().min(1),
  dashboardFilters: z.array(
    z.strictObject({
      filterType: z.enum(["METRIC_LABEL", "RESOURCE_LABEL"]),
      labelKey: z.string().min(1),
      templateVariable: z.string().min(1),
    }),
  ),
  mosaicLayout: z.strictObject({
    columns: z.int().min(1).max(48),
    tiles: z.array(tile).min(1).max(100),
  }),
});

const parsed = (): CloudDashboard => JSON.parse(cloudDashboardJson(SHOWN)) as CloudDashboard;
const queriesOf = ({ mosaicLayout }: CloudDashboard): string[] =>
  mosaicLayout.tiles.flatMap(({ widget: one }) => {
    if ("xyChart" in one) {
      return one.xyChart.dataSets.map((set) => set.timeSeriesQuery.prometheusQuery);
    }
    return "scorecard" in one ? [one.scorecard.timeSeriesQuery.prometheusQuery] : [];
  });

/** Fails if a part is outside of the grid or overlaps another one. */
function assertApart(parts: readonly Omit<Arranged, "title">[], width: number): void {
  for (const { x, y, w, h } of parts) {
    assert.ok(x >= 0 && y >= 0 && w >= 1 && h >= 1 && x + w <= width, `${x}+${w} is not within ${width}`);
  }
  const cells = parts.flatMap(({ x, y, w, h }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length, "two are in one place");
}

describe("dashboards of Cloud Monitoring", () => {
  it("have the API's shape, and no two tiles in one place", () => {
    const { mosaicLayout } = dashboard.parse(parsed());
    const boxes = mosaicLayout.tiles.map(({ xPos: x = 0, yPos: y = 0, width: w, height: h }) => ({
      x,
      y,
      w,
      h,
    }));
    assertApart(boxes, mosaicLayout.columns);
  });

  it("show every panel that clusters have something for, under the same title", () => {
    const shown = parsed().mosaicLayout.tiles.flatMap(({ widget: one }) =>
      "sectionHeader" in one ? [] : [one.title],
    );
    const panels = Object.values(descriptions).flatMap(({ rows }) =>
      rowsFor("cluster", rows).flatMap(({ panels: all }) => all.map((panel) => panel.title)),
    );
    assert.deepEqual(shown, panels);
    assert.ok(shown.length >= 16, shown.join(", "));
  });

  it("ask only for what rules of clusters record, services export or Managed Prometheus adds", () => {
    const known: readonly string[] = [
      ...ruleGroups("cluster").flatMap(({ recordings }) => recordings.map(({ record }) => record)),
      ...EXPORTED.services,
      "up",
    ];
    const unknown = queriesOf(parsed()).flatMap((query) =>
      metricNames(asPrometheus(query)).filter((name) => !known.includes(name)),
    );
    assert.deepEqual(unknown, []);
  });

  it("look at one system of one cluster, and at the services that are chosen", () => {
    for (const query of queriesOf(parsed())) {
      const selectors = query.replaceAll("${service.value}", "*").match(/\{[^}]*\}/g) ?? [];
      const chosen = selectors.filter((selector) => selector.includes("="));
      assert.ok(chosen.length > 0, query);
      for (const selector of chosen) {
        assert.match(selector, /^\{cluster="platform-cluster-gke-1a2b3c4", system="todo", service=~"\*"/);
      }
      assert.equal(metricNames(asPrometheus(query)).length > 0, true);
      assert.deepEqual(
        [...query.matchAll(/\$\{([^}]*)\}/g)].filter(
          ([, name]) => !["service.value", "__interval"].includes(name ?? ""),
        ),
        [],
      );
    }
  });

  it("are the same text for the same system, in sorted order, and differ by stack and cluster only there", () => {
    const text = cloudDashboardJson(SHOWN);
    assert.equal(text, cloudDashboardJson({ ...SHOWN }));
    JSON.parse(text, (_key, value: unknown) => {
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        assert.deepEqual(Object.keys(value), Object.keys(value).sort());
      }
      return value;
    });
    const other = cloudDashboard({ system: "nexus", stack: "dev", cluster: "other" });
    assert.equal(other.displayName, "nexus (dev)");
    assert.equal(other.mosaicLayout.tiles.length, parsed().mosaicLayout.tiles.length);
    assert.ok(
      queriesOf(other).every((query) => !query.includes("todo") && query.includes('cluster="other"')),
    );
  });

  it("arrange any rows within any grid", () => {
    const kind = fc.constantFrom<PanelDescription["kind"][]>("stat", "graph", "table", undefined);
    const panel = kind.map((one): PanelDescription => ({
      title: "panel",
      queries: { all: "up" },
      ...(one && { kind: one }),
    }));
    const row = fc.record({ title: fc.constant("row"), panels: fc.array(panel, { maxLength: 9 }) });
    const grid = fc.record({
      width: fc.integer({ min: 1, max: 12 }).map((quarter) => quarter * 4),
      heading: fc.integer({ min: 1, max: 4 }),
      stat: fc.integer({ min: 1, max: 8 }),
      graph: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), grid, (rows: Row[], one) => {
        const arranged = arrange(rows, one);
        assert.equal(arranged.length, rows.length + rows.flatMap(({ panels }) => panels).length);
        assertApart(arranged, one.width);
      }),
    );
  });
});

/** Converts a query for Prometheus: all services selected, rates over a fixed time. */
function asPrometheus(query: string): string {
  return runnable(query.replaceAll("${service.value}", ".*").replaceAll("${__interval}", "1m"));
}
