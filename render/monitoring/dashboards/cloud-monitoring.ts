import { descriptions } from ".";
import { arrange, rowsFor, type Grid, type PanelDescription, type Row, type Unit } from "./description";

/**
 * The subset of Cloud Monitoring's dashboards that Longshore uses. Default values are omitted: the API omits them in
 * its responses, and the provider would otherwise always report a difference.
 */
export interface CloudDashboard {
  readonly displayName: string;
  readonly dashboardFilters: readonly {
    readonly filterType: "METRIC_LABEL";
    readonly labelKey: string;
    readonly templateVariable: string;
  }[];
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

export interface Tile {
  /** Column of the left edge. @default 0 */
  readonly xPos?: number;
  /** Row of the top edge. @default 0 */
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
  readonly widget: Widget;
}

export type Widget = { readonly title: string } & (
  | { readonly sectionHeader: { readonly dividerBelow: true } }
  | { readonly scorecard: Scorecard }
  | { readonly xyChart: { readonly dataSets: readonly DataSet[] } }
  | { readonly timeSeriesTable: { readonly dataSets: readonly { readonly timeSeriesQuery: Query }[] } }
);

interface Scorecard {
  readonly timeSeriesQuery: Query;
  readonly thresholds?: readonly {
    readonly color: "RED";
    readonly direction: "ABOVE";
    readonly value: number;
  }[];
}

interface DataSet {
  readonly plotType: "LINE";
  readonly targetAxis: "Y1";
  readonly legendTemplate: string;
  readonly timeSeriesQuery: Query;
}

interface Query {
  readonly prometheusQuery: string;
  /** Unit in UCUM notation. @default - the metric's unit */
  readonly unitOverride?: string;
}

/** The system that a dashboard shows. */
export interface Shown {
  readonly system: string;
  /** Name of the stack, which distinguishes the dashboards of one project. */
  readonly stack: string;
  /** Name of the cluster, which Managed Prometheus adds to its series as a label. */
  readonly cluster: string;
}

/** The maximum number of columns. A row is then about a fortieth of the screen's height. */
const GRID: Grid = { width: 48, heading: 4, stat: 8, graph: 16 };

const UNITS: Readonly<Record<Unit, string | undefined>> = {
  percentunit: "10^2.%",
  bytes: "By",
  Bps: "By/s",
  s: "s",
  reqps: "1/s",
  ops: "1/s",
  cores: "{cpu}",
  short: undefined,
};

/**
 * Returns the content of Grafana's dashboards for one system on one page, as far as clusters have the metrics. A filter
 * selects one service or all.
 * @throws Error for a query that is not limited to the cluster and system, or that contains an unknown variable
 */
export function cloudDashboard(shown: Shown): CloudDashboard {
  const { system, api, errors, databases } = descriptions;
  const rows = [system, api, errors, databases].flatMap(({ name, rows }) =>
    rowsFor("cluster", rows).map((row): Row => ({ ...row, title: `${name}: ${row.title}` })),
  );
  return {
    displayName: `${shown.system} (${shown.stack})`,
    dashboardFilters: [{ filterType: "METRIC_LABEL", labelKey: "service", templateVariable: "service" }],
    mosaicLayout: {
      columns: GRID.width,
      tiles: arrange(rows, GRID).map(({ title, panel, x, y, w, h }) => ({
        ...(x > 0 && { xPos: x }),
        ...(y > 0 && { yPos: y }),
        width: w,
        height: h,
        widget: { title, ...(panel ? widget(panel, shown) : { sectionHeader: { dividerBelow: true } }) },
      })),
    },
  };
}

/** Serializes a dashboard deterministically, on several lines for readable diffs. */
export function cloudDashboardJson(shown: Shown): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(cloudDashboard(shown), sorted, 2);
}

function widget({ kind = "graph", queries, unit = "short", red }: PanelDescription, shown: Shown) {
  const unitOverride = UNITS[unit];
  const asked = Object.entries(queries).map(([legend, expr]) => ({
    legend: legendOf(legend),
    timeSeriesQuery: {
      prometheusQuery: queryOf(expr, shown),
      ...(unitOverride !== undefined && { unitOverride }),
    },
  }));
  if (kind === "table") {
    return { timeSeriesTable: { dataSets: asked.map(({ timeSeriesQuery }) => ({ timeSeriesQuery })) } };
  }
  const [only] = asked;
  if (kind === "stat" && only) {
    // Red starts above the value in Cloud Monitoring but at the value in Grafana. The values are integers.
    const threshold = { color: "RED" as const, direction: "ABOVE" as const, value: (red ?? 0) - 0.5 };
    return {
      scorecard: {
        timeSeriesQuery: only.timeSeriesQuery,
        ...(red !== undefined && { thresholds: [threshold] }),
      },
    };
  }
  return {
    xyChart: {
      dataSets: asked.map(({ legend, timeSeriesQuery }) => ({
        plotType: "LINE" as const,
        targetAxis: "Y1" as const,
        legendTemplate: legend,
        timeSeriesQuery,
      })),
    },
  };
}

/** Converts a legend: `in {{system}}/{{service}}` → `in ${labels.service}`, because the page shows one system. */
function legendOf(legend: string): string {
  return legend.replace("{{system}}/", "").replaceAll(/\{\{(\w+)\}\}/g, "${labels.$1}");
}

/** Converts Grafana's variables for systems and services to those of Cloud Monitoring. */
function queryOf(expr: string, { system, cluster }: Shown): string {
  const query = expr
    .replaceAll('system=~"$system"', `cluster="${cluster}", system="${system}"`)
    .replaceAll('service=~"$service"', 'service=~"${service.value}"')
    .replaceAll("$__rate_interval", "${__interval}");
  if (/\$(?!\{)/.test(query) || !query.includes("cluster=")) {
    throw new Error(`internal: no query for clusters: ${expr}`);
  }
  return query;
}
